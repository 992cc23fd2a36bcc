/** The benchmark page: runs, compares with what is pasted, names different bits, and goes on after errors. */
import { strict as assert } from "node:assert";
import { serveAltered } from "../altered.mjs";
import { addAxe, violationsIn } from "../axe.mjs";

const WORKER = /bench-worker.*\.js$/;
/** A clock by which each sample is long enough after doing its work once. */
const quick = (text) =>
  `let readings = 0, now = 0; performance.now = () => (now += readings++ < 20 ? 1 : 60); ${text}`;

const statusIs = (page, text) =>
  page.waitForFunction((wanted) => document.getElementById("status").textContent.includes(wanted), {}, text);
const textOf = (page, selector) => page.$eval(selector, ({ textContent }) => textContent);
const columns = (page) => page.$$eval("#times thead th", (cells) => cells.map((cell) => cell.textContent));

async function withPage(browser, alterations, does) {
  const server = await serveAltered(alterations);
  try {
    const page = await browser.newPage();
    await page.goto(`${server.url}benchmark/`);
    await does(page);
    await page.close();
  } finally {
    server.close();
  }
}

export default async ({ browser, check }) => {
  await check("the suite gives equal bits, and its JSON can be compared with", async () => {
    await withPage(browser, [[WORKER, quick]], async (page) => {
      assert.deepEqual(await columns(page), ["workload", "what is done", "stored", "bits"]);
      await page.focus("#start");
      await page.keyboard.press("Enter");
      await statusIs(page, "Done.");
      assert.match(await textOf(page, "#verdict"), /^✓ Score \d+: every workload gave the bits/);
      await page.evaluate(() => {
        navigator.clipboard.writeText = async (text) => {
          window.copied = text;
        };
      });
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      await statusIs(page, "Copied.");
      await page.click("#pasting summary");
      await page.evaluate(() => {
        document.getElementById("pasted").value = window.copied;
      });
      await page.focus("#pasted");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      await statusIs(page, "Compared with ");
      assert.deepEqual(await columns(page), [
        "workload",
        "what is done",
        ...["yours", "bits", "stored", "bits", "pasted", "bits"],
      ]);
      assert.equal(await page.$$eval("#times td.bad", ({ length }) => length), 0);
      await addAxe(page);
      for (const scheme of ["light", "dark"]) {
        await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
        assert.deepEqual(await violationsIn(page), []);
      }
      await page.setViewport({ width: 390, height: 844 });
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 390);
      assert.deepEqual(await violationsIn(page), []);
      await page.select("#stored", "1");
      assert.match(await textOf(page, "#about"), /Node \d+\.\d+/);
      await page.click("#remove");
      assert.equal((await columns(page)).length, 6);
    });
  });

  await check("a spoiled digest is named", async () => {
    const spoil = (text) => text.replaceAll("d03d503074aee641", "d03d503074aee642");
    await withPage(
      browser,
      [
        [/\.js$/, spoil],
        [WORKER, quick],
      ],
      async (page) => {
        await page.click("#start");
        await statusIs(page, "Done.");
        assert.match(
          await textOf(page, "#verdict"),
          /^✗ Score \d+\. Different bits in adam: please report it\./,
        );
      },
    );
  });

  await check("what is no result is refused in a sentence, and nothing of it becomes a tag", async () => {
    await withPage(browser, [[WORKER, quick]], async (page) => {
      await page.click("#pasting summary");
      const paste = async (text) => {
        await page.$eval(
          "#pasted",
          (field, value) => {
            field.value = value;
          },
          text,
        );
        await page.click("#paste button");
      };
      await paste("{");
      assert.match(await textOf(page, "#problem"), /^This is not JSON/);
      assert.equal(await page.evaluate(() => document.activeElement.id), "pasted");
      await paste('{"suite":"<img src=x>","workloads":[]}');
      assert.match(await textOf(page, "#problem"), /^This is a result of <img src=x>/);
      assert.equal(await page.$("main img"), null);
      await addAxe(page);
      assert.deepEqual(await violationsIn(page), []);
    });
  });

  await check("a worker that fails is told, and the page goes on", async () => {
    await withPage(browser, [[WORKER, () => 'throw new Error("no memory")']], async (page) => {
      await page.click("#start");
      await statusIs(page, "The worker ended with an error: ");
      assert.equal(await textOf(page, "#start"), "Run again");
    });
    await withPage(browser, [[WORKER, (text) => `delete globalThis.WebAssembly; ${text}`]], async (page) => {
      await page.click("#start");
      await statusIs(page, "an engine without WebAssembly");
    });
  });
};
