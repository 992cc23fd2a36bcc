/** What comes after a link or a file was opened: the run it claims, and a page that never says so of another one. */
import { strict as assert } from "node:assert";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveAltered } from "../altered.mjs";
import {
  altered,
  choose,
  click,
  linkOf,
  noteCalls,
  pause,
  ready,
  stepsOf,
  textOf,
  timeOf,
  waitForSteps,
  waitForText,
} from "../playground-page.mjs";

const { version } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
const advances = (page) =>
  page.evaluate(() => window.calls.filter((name) => name === "advance" || name === "restore"));
const flip = (digit) => (digit === "0" ? "1" : "0");

export default async ({ browser, url, open, check }) => {
  let hash;
  const folder = mkdtempSync(join(tmpdir(), "wasmgrad-run-"));
  const file = join(folder, "run.wasmgrad-run");
  await check("a run is trained, and saved as a link and as a file", async () => {
    const page = await open("playground/");
    await ready(page);
    await click(page, "Run");
    await waitForSteps(page, 40);
    await pause(page);
    hash = new URL(await linkOf(page)).hash;
    await page.evaluate(() => {
      const make = URL.createObjectURL;
      URL.createObjectURL = (blob) => {
        window.saved = blob;
        return make.call(URL, blob);
      };
      HTMLAnchorElement.prototype.click = () => {};
    });
    await click(page, "Link");
    await page.waitForSelector("#link-field");
    await click(page, "Save as a file");
    writeFileSync(file, await page.evaluate(() => window.saved.text()));
    await page.close();
  });

  const equal = async (features, behind = "") => {
    const page = await open(`playground/${hash}${behind}`, features);
    await waitForText(page, ".verdict", "Equal");
    const [, steps] = /^Equal: ([\d,]+) steps/.exec(await textOf(page, ".verdict p"));
    await waitForSteps(page, Number(steps.replaceAll(",", "")));
    return page;
  };
  const isForgotten = async (page, left = "") => {
    await page.waitForFunction(() => !document.querySelector(".verdict"));
    assert.equal(await page.evaluate(() => location.hash), left);
  };
  const changes = {
    "other data": (page) => click(page, "Moons"),
    "another rate": (page) => choose(page, "Learning rate", "0.1"),
    "another layer": (page) => click(page, "Add layer"),
    "a step more": (page) => click(page, "Step"),
  };
  for (const [name, change] of Object.entries(changes))
    await check(`verdict and address go with ${name}`, async () => {
      const page = await equal();
      await change(page);
      await isForgotten(page);
      await page.close();
    });
  await check("they go after Dismiss, too, and stay through Restart and the way back in time", async () => {
    const page = await equal(undefined, "&hide=chart");
    await page.focus("#time");
    await page.keyboard.press("Home");
    await page.waitForFunction(() => document.querySelector(".time output").textContent.startsWith("Step 0"));
    await click(page, "Restart");
    await page.waitForFunction(() => document.querySelector(".time output").textContent === "Step 0");
    assert.match(await textOf(page, ".verdict p"), /^Equal/);
    assert.equal(await page.evaluate(() => location.hash), `${hash}&hide=chart`);
    await click(page, "Dismiss");
    await page.waitForFunction(() => !document.querySelector(".verdict"));
    await click(page, "Moons");
    await isForgotten(page, "#hide=chart");
    assert.equal(await page.$(".chart"), null);
    await page.close();
  });
  await check("in a frame the address stays that of the button that leads on", async () => {
    const page = await equal(undefined, "&embed");
    await click(page, "Step");
    await page.waitForFunction(() => !document.querySelector(".verdict"));
    assert.equal(new URL(await page.$eval(".actions a", ({ href }) => href)).hash, hash);
    await page.close();
  });

  /** Opens a link, and notes what is asked of the worker that trains. */
  const noted = async (link, prepare) => {
    const page = await open("");
    await noteCalls(page);
    if (prepare) await page.evaluateOnNewDocument(prepare);
    await page.goto(`${url}playground/${link}`);
    return page;
  };
  await check("a replay that took long hands its run over: nothing is trained twice", async () => {
    // What takes a millisecond takes seconds by this clock.
    const page = await noted(hash, () => {
      const { now } = performance;
      performance.now = () => 5000 * now.call(performance);
    });
    await waitForText(page, ".verdict", "Equal");
    await waitForSteps(page, 40);
    assert.deepEqual(await advances(page), ["restore"]);
    assert.equal(new URL(await linkOf(page)).hash, hash);
    await click(page, "Step");
    await page.waitForFunction(() => !document.querySelector(".verdict"));
    const next = new URL(await linkOf(page)).hash;
    await page.close();
    const other = await open(`playground/${next}`);
    await waitForText(other, ".verdict", "Equal");
    await other.close();
  });
  await check("where bits differ, or nothing was checked, no step is trained, and that is said", async () => {
    for (const [link, start] of [
      [
        altered(hash, (json) =>
          json.replace(json.match(/[0-9a-f]{64}/g)[1], (text) => flip(text[0]) + text.slice(1)),
        ),
        /^Other bits:/,
      ],
      [altered(hash, (json) => json.replace(`"${version}"`, '"9.9.9"')), /^Not checked:/],
    ]) {
      const page = await noted(link);
      await waitForText(page, ".verdict", "The playground shows the run before its first step.");
      assert.match(await textOf(page, ".verdict p"), start);
      await click(page, "Dismiss");
      assert.equal(await timeOf(page), "Step 0");
      assert.deepEqual(await advances(page), []);
      await page.close();
    }
  });
  await check("of an earlier version the card says that another engine trains here", async () => {
    const engine = `engines/${version}/replay.js`;
    const server = await serveAltered(
      [[/engines\/index\.json$/, () => JSON.stringify(["0.0.9", version])]],
      [[engine, "engines/0.0.9/replay.js", (text) => text.replaceAll(`"${version}"`, '"0.0.9"')]],
    );
    try {
      const page = await browser.newPage();
      const link = altered(hash, (json) => json.replace(`"${version}"`, '"0.0.9"'));
      await page.goto(`${server.url}playground/${link}`);
      await waitForText(page, ".verdict", "Equal");
      assert.match(
        await textOf(page, ".verdict p"),
        new RegExp(
          `wasmgrad 0\\.0\\.9\\. The playground shows the run before its first step: wasmgrad ${version} trains here`,
        ),
      );
      assert.equal(await stepsOf(page), 0);
      await page.close();
    } finally {
      server.close();
    }
  });

  for (const [dialog, features] of [
    ["Examples", {}],
    ["Link", { width: 390, height: 844 }],
  ])
    await check(`a run file is opened by the keyboard, from the dialog ${dialog}`, async () => {
      const page = await open("playground/", features);
      await ready(page);
      await click(page, "Moons");
      await page.focus(".actions button");
      while ((await page.evaluate(() => document.activeElement.textContent)) !== dialog)
        await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      await page.waitForSelector("dialog[open] .file");
      for (let presses = 0; presses < 40; presses++) {
        if (await page.evaluate(() => document.activeElement.matches(".file input"))) break;
        await page.keyboard.press("Tab");
      }
      // Files are taken by the driver from here on, before a key asks for one.
      const client = await page.createCDPSession();
      await client.send("Page.enable");
      await client.send("Page.setInterceptFileChooserDialog", { enabled: true });
      const asked = new Promise((resolve) => client.once("Page.fileChooserOpened", resolve));
      await page.keyboard.press("Enter");
      const { backendNodeId } = await asked;
      await client.send("DOM.setFileInputFiles", { files: [file], backendNodeId });
      await waitForText(page, ".verdict", "Equal");
      assert.equal(await page.$("dialog"), null);
      await waitForText(page, ".data", "0.10");
      assert.equal(await page.evaluate(() => document.activeElement.textContent), dialog);
      await page.close();
    });

  rmSync(folder, { recursive: true });
  await check("without WebAssembly a link says why nothing trains, whatever is pressed", async () => {
    const page = await browser.newPage();
    await page.evaluateOnNewDocument("delete globalThis.WebAssembly");
    await page.goto(`${url}playground/${hash}`);
    await page.waitForSelector(".verdict:is(.equal, .differs)");
    for (const button of ["Step", "Run", "Restart"]) {
      await click(page, button);
      await page.waitForSelector(".trouble");
      assert.match(await textOf(page, ".trouble"), /WebAssembly/);
    }
    await page.close();
  });
};
