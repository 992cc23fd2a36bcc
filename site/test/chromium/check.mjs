/** "Check this browser": spoiled digests are named, errors are told, the report is copied, all by keyboard. */
import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { serveAltered } from "../altered.mjs";
import { addAxe, violationsIn } from "../axe.mjs";

const expected = JSON.parse(
  readFileSync(new URL("../../../test/determinism/digests.json", import.meta.url), "utf8"),
);
const count = Object.keys(expected).length;

const statusIs = (page, text) =>
  page.waitForFunction((wanted) => document.getElementById("status").textContent.includes(wanted), {}, text);

/** What the page says after the check on a server with these alterations; errors of loading are expected there. */
async function saidWith(browser, alterations, text, prepare) {
  const server = await serveAltered(alterations);
  try {
    const page = await browser.newPage();
    await prepare?.(page);
    await page.goto(`${server.url}check/`);
    await addAxe(page);
    await page.click("#start");
    await statusIs(page, text);
    assert.deepEqual(await violationsIn(page), []);
    assert.equal(await page.$eval("#start", (button) => button.textContent), "Check again");
    // biome-ignore lint/performance/useDomNodeTextContent: what is hidden is not said
    const said = await page.$eval("main", (main) => main.innerText);
    await page.close();
    return said;
  } finally {
    server.close();
  }
}

const WORKER = /check-worker.*\.js$/;

export default async ({ browser, open, url, check }) => {
  await check("a spoiled digest is named, in the sentence and in the table", async () => {
    const said = await saidWith(
      browser,
      [[/digests.*\.json$/, (text) => text.replace(/("mlp losses": ")./, "$1g")]],
      "some runs differ",
    );
    assert.ok(said.includes(`✗ ${count - 1} of ${count} equal. Different: mlp losses.`), said);
    assert.match(said, /mlp losses\s+different\s+[0-9a-f]{64}\s+expected g[0-9a-f]{63}/);
    assert.doesNotMatch(said, /xor to loss 0\.01/);
  });

  await check("a run that is missing is named", async () => {
    const said = await saidWith(
      browser,
      [[/digests.*\.json$/, (text) => text.replace("{", '{ "another": "00",')]],
      "some runs differ",
    );
    assert.ok(said.includes(`✗ ${count} of ${count + 1} equal. Different: another.`), said);
  });

  await check("without WebAssembly it says so", async () => {
    const said = await saidWith(
      browser,
      [[WORKER, (text) => `delete globalThis.WebAssembly; ${text}`]],
      "an engine without WebAssembly",
    );
    assert.match(said, /update the browser/);
  });

  await check("a worker that fails, or is not there, is told", async () => {
    await saidWith(browser, [[WORKER, () => 'throw new Error("out of memory")']], "out of memory");
    await saidWith(browser, [[WORKER, null]], "could not be loaded");
    await saidWith(browser, [[/digests.*\.json$/, null]], "digests could not be loaded");
  });

  await check("a worker that the browser ended is told", async () => {
    const quicker = (page) =>
      page.evaluateOnNewDocument(() => {
        const later = window.setTimeout;
        window.setTimeout = (work, ms) => later(work, ms / 100);
      });
    await saidWith(browser, [[WORKER, () => "close();"]], "stopped answering", quicker);
  });

  await check("by keyboard: starts, stops, starts again, shows the table, copies the report", async () => {
    const page = await open("check/");
    await page.focus("#start");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Enter");
    await statusIs(page, "Stopped.");
    await page.keyboard.press("Space");
    await statusIs(page, "every run is equal");
    assert.equal(await page.evaluate(() => document.activeElement.id), "start");
    await page.evaluate(() => {
      navigator.clipboard.writeText = async (text) => {
        window.copied = text;
      };
    });
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await statusIs(page, "Copied.");
    const report = await page.evaluate(() => window.copied);
    assert.match(report, /^wasmgrad \d+\.\d+\.\d+: named runs\n/);
    assert.equal(report.match(/^equal {6}[0-9a-f]{64} {2}/gm).length, count);
    assert.ok(report.includes(await page.evaluate(() => navigator.userAgent)));
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    assert.equal(await page.$eval("#all", (details) => details.open), true);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Space");
    await page.waitForSelector("#none:not([hidden])");
    await page.keyboard.press("Space");
    await addAxe(page);
    for (const scheme of ["light", "dark"]) {
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      assert.deepEqual(await violationsIn(page), []);
    }
    await page.keyboard.press("Space");
    assert.equal(await page.$$eval("#runs tr", (rows) => rows.filter((row) => row.offsetHeight).length), 0);
    await page.close();
  });

  await check(
    "expected digests that fail after Stop do not end the check that was started then",
    async () => {
      const page = await browser.newPage();
      let held;
      await page.setRequestInterception(true);
      const asked = new Promise((resolve) => {
        page.on("request", (request) => {
          if (held || !/digests.*\.json$/.test(request.url())) return request.continue();
          held = request;
          resolve();
        });
      });
      await page.goto(`${url}check/`);
      await page.click("#start");
      await asked;
      await page.click("#start");
      await statusIs(page, "Stopped.");
      // The second answer is waited for behind the first.
      await page.evaluate(() => {
        const { fetch } = window;
        window.fetch = async (...given) => {
          await window.failed;
          return fetch(...given);
        };
        window.failed = new Promise((resolve) => {
          window.hasFailed = resolve;
        });
      });
      await page.click("#start");
      await held.abort();
      await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
      await page.evaluate(() => window.hasFailed());
      await statusIs(page, "every run is equal");
      await page.close();
    },
  );

  await check("a refused clipboard leaves the report selected in a field", async () => {
    const page = await open("check/");
    await page.evaluate(() => {
      navigator.clipboard.writeText = () => Promise.reject(new Error("no"));
    });
    await page.click("#start");
    await statusIs(page, "every run is equal");
    await page.click("#copy");
    await statusIs(page, "press Ctrl+C");
    const selected = await page.evaluate(() => {
      const { value, selectionStart, selectionEnd } = document.activeElement;
      return value.slice(selectionStart, selectionEnd);
    });
    assert.match(selected, /^wasmgrad .*: named runs\n[\s\S]*\nequal {6}/);
    await addAxe(page);
    assert.deepEqual(await violationsIn(page), []);
    await page.close();
  });
};
