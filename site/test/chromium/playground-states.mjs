/** The playground when something is wrong: one sentence, and a page that goes on. And what links ask for beside a run. */
import { strict as assert } from "node:assert";
import { serveAltered } from "../altered.mjs";
import {
  altered,
  choose,
  click,
  drop,
  linkOf,
  pause,
  readTable,
  ready,
  stepsOf,
  TABLE,
  textOf,
  waitForSteps,
  waitForText,
} from "../playground-page.mjs";

const flip = (digit) => (digit === "0" ? "1" : "0");

/** Trains a step, whatever was before: the page goes on. */
async function goesOn(page) {
  await click(page, "Restart");
  await page.waitForFunction(() => document.querySelector(".time output").textContent === "Step 0");
  await click(page, "Step");
  await waitForSteps(page, 1);
}

export default async ({ browser, url, open, check }) => {
  const opened = async (path = "playground/", features) => {
    const page = await open(path, features);
    await ready(page);
    return page;
  };
  let hash;
  await check("a link is replayed, and then its run is there", async () => {
    const page = await opened();
    await click(page, "Run");
    await waitForSteps(page, 40);
    await pause(page);
    const steps = await stepsOf(page);
    hash = new URL(await linkOf(page)).hash;
    await page.close();
    const other = await opened(`playground/${hash}`);
    await waitForText(other, ".verdict", "Equal");
    assert.match(
      await textOf(other, ".verdict p"),
      new RegExp(`^Equal: ${steps} steps on this machine gave the same parameters to the last bit`),
    );
    await waitForSteps(other, steps);
    assert.equal(await stepsOf(other), steps);
    await click(other, "Dismiss");
    assert.equal(await other.$(".verdict"), null);
    await other.close();
  });
  await check("a link that is opened in the open page is opened there", async () => {
    const page = await opened();
    await page.evaluate((to) => {
      location.hash = to;
    }, hash);
    await waitForText(page, ".verdict", "Equal");
    await page.close();
  });

  const digests = /[0-9a-f]{64}/g;
  const refused = {
    "other bits": [
      () =>
        altered(hash, (json) =>
          json.replace(json.match(digests)[1], (text) => flip(text[0]) + text.slice(1)),
        ),
      /^Other bits: \d+ steps on this machine gave other parameters than the link claims/,
    ],
    "other data": [
      () => altered(hash, (json) => json.replace(digests, (text) => flip(text[0]) + text.slice(1))),
      /^Other data: the rows are not those/,
    ],
    "another version": [
      () => altered(hash, (json) => json.replace(/\d+\.\d+\.\d+/, "9.9.9")),
      /^Not checked: This link is of version 9\.9\.9/,
    ],
    "a cut": [() => hash.slice(0, -7), /damaged/],
    "another end": [() => `${hash.slice(0, -8)}AAAAAAAA`, /damaged/],
    "too many characters": [() => `#1.${"A".repeat(30_000)}`, /too long/],
    "a format that does not exist": [() => "#7.abc", /format 7/],
  };
  for (const [name, [make, sentence]] of Object.entries(refused))
    await check(`a link with ${name} is said, and the page goes on`, async () => {
      const page = await opened(`playground/${make()}`);
      await page.waitForSelector(".verdict.differs");
      assert.match(await textOf(page, ".verdict p"), sentence);
      await goesOn(page);
      await page.close();
    });
  await check("a long replay is asked for first, and can be cancelled", async () => {
    const page = await opened(
      `playground/${altered(hash, (json) => json.replace(/"steps":\d+/, '"steps":50000000'))}`,
    );
    await waitForText(page, ".verdict", "To replay all of it takes");
    await click(page, "Replay");
    await page.waitForSelector(".verdict progress");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Cancel");
    await click(page, "Cancel");
    await waitForText(page, ".verdict", "Not replayed");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Dismiss");
    await goesOn(page);
    await page.close();
  });

  const tables = {
    "no text": ["", /^This table is empty/],
    "a header only": ["a,b,c\n", /^This table has a header and no rows/],
    "an open quote": ['a,b\n1,"2\n', /^Line 2 opens a quote that is not closed/],
    "the same header twice": ["a,a,b\n1,2,x\n2,3,y\n", /^Two columns have the name "a"/],
    "too many classes": [
      `a,b,c\n${Array.from({ length: 30 }, (_, row) => `${row},${row},k${row}`).join("\n")}`,
      /^"c" has 30 different classes/,
    ],
    "one class": ["a,b,c\n1,2,x\n2,1,x\n3,1,x\n4,4,x\n", /^The target "c" has one class alone, "x"/],
  };
  for (const [name, [table, sentence]] of Object.entries(tables))
    await check(`a table with ${name} is said, and the page goes on`, async () => {
      const page = await opened();
      await readTable(page, table);
      await page.waitForFunction(() => document.querySelector(".own-table .bad, .columns"));
      if (!(await page.$(".own-table .bad"))) {
        await click(page, "Use this table");
        await page.waitForFunction(
          () => document.querySelector(".own-table .bad") || !document.querySelector(".columns"),
        );
      }
      assert.match(await textOf(page, ".own-table .bad"), sentence);
      await goesOn(page);
      await page.close();
    });
  await check(
    "a few numbers are classes or numbers, as is chosen; rows without a target are counted",
    async () => {
      const page = await opened();
      const rows = Array.from(
        { length: 40 },
        (_, row) => `${row},${row % 7},${row % 8 < 3 ? "" : 1 + (row % 3)}`,
      );
      await readTable(page, `a,b,grade\n${rows.join("\n")}`);
      await waitForText(page, ".columns", "Learned as 3 classes. 15 rows without a target are left out.");
      await page.evaluate(() => {
        const label = [...document.querySelectorAll(".columns label")].find(
          ({ textContent }) => textContent === "Its values are",
        );
        label.control.value = "numbers";
        label.control.dispatchEvent(new Event("change", { bubbles: true }));
      });
      await waitForText(page, ".columns", "Learned as a number. 15 rows");
      await click(page, "Use this table");
      await waitForText(page, ".data", "25 rows");
      await waitForText(page, ".figures", "R2");
      await page.close();
    },
  );
  await check("names from strangers are text", async () => {
    const page = await opened();
    const evil = "<img src=x onerror=alert(1)>";
    const rows = TABLE.split("\n").slice(1).join("\n").replaceAll("large", evil);
    await readTable(page, `"${evil}a",height,place,"${evil}"\n${rows}`);
    await waitForText(page, "button", "Use this table");
    await click(page, "Use this table");
    await waitForText(page, ".legend", "<img");
    await click(page, "Surface as a table");
    await click(page, "Link");
    await page.waitForSelector("#link-field");
    assert.equal(await page.$("main img"), null);
    assert.match(await textOf(page, "dialog"), /contains your data: 40 rows of 3 columns/);
    await page.close();
  });
  await check("a run that is too large for a link is saved as a file, and opened from it", async () => {
    const page = await opened();
    let state = 1;
    const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
    const rows = Array.from({ length: 2000 }, () => {
      const row = Array.from({ length: 6 }, random);
      return [...row, row[0] > 0.5 ? "a" : "b"].join(",");
    });
    await readTable(page, `q,r,s,t,u,v,w\n${rows.join("\n")}`);
    await waitForText(page, "button", "Use this table");
    await click(page, "Use this table");
    await waitForText(page, ".data", "2,000 rows");
    await page.evaluate(() => {
      const make = URL.createObjectURL;
      URL.createObjectURL = (blob) => {
        window.saved = blob;
        return make.call(URL, blob);
      };
      HTMLAnchorElement.prototype.click = () => {};
    });
    await click(page, "Link");
    await waitForText(page, "dialog", "save the run as a file");
    assert.equal(await page.$("#link-field"), null);
    await click(page, "Save as a file");
    await click(page, "Close");
    await click(page, "Moons");
    await page.evaluate(() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([window.saved], "run.wasmgrad-run"));
      document.body.dispatchEvent(
        new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: transfer }),
      );
    });
    await waitForText(page, ".verdict", "Equal");
    await waitForText(page, ".data", "2,000 rows");
    await page.close();
  });
  await check("a run that diverges stops, says so, and can go back", async () => {
    const page = await opened();
    await click(page, "Wave");
    await choose(page, "Optimizer", "sgd");
    await choose(page, "Activation of layer 1", "linear");
    await choose(page, "Activation of layer 2", "linear");
    await choose(page, "Learning rate", "10");
    await click(page, "Run");
    await page.waitForSelector(".trouble");
    assert.match(await textOf(page, ".trouble"), /diverged.*lower learning rate and restart, or go back/);
    assert.match(await textOf(page, ".run"), /^Run$/);
    await page.focus("#time");
    await page.keyboard.press("Home");
    await page.waitForFunction(() => document.querySelector(".time output").textContent.startsWith("Step 0"));
    await goesOn(page);
    assert.equal(await page.$(".trouble"), null);
    await page.close();
  });
  await check("a worker that is gone is said, and another one goes on", async () => {
    const page = await browser.newPage();
    // Waiting for an answer takes a moment, not as long as on a slow machine.
    await page.evaluateOnNewDocument(() => {
      const { setTimeout } = window;
      window.setTimeout = (does, milliseconds, ...rest) =>
        setTimeout(does, milliseconds >= 10_000 && window.isShort ? 300 : milliseconds, ...rest);
    });
    const created = new Promise((resolve) => page.once("workercreated", resolve));
    await page.goto(`${url}playground/`);
    await ready(page);
    await click(page, "Step");
    await waitForSteps(page, 1);
    await (await created).close();
    await page.evaluate(() => {
      window.isShort = true;
    });
    await click(page, "Step");
    await waitForText(page, ".trouble", "The worker that trains");
    await page.evaluate(() => {
      window.isShort = false;
    });
    await click(page, "Start another worker");
    await page.waitForFunction(() => !document.querySelector(".trouble"));
    await goesOn(page);
    await page.close();
  });
  await check("a browser that refuses to copy leaves the link selected", async () => {
    const page = await opened();
    await page.evaluate(() => {
      navigator.clipboard.writeText = () => Promise.reject(new DOMException("no", "NotAllowedError"));
    });
    await click(page, "Link");
    await page.waitForSelector("#link-field");
    await click(page, "Copy link");
    await waitForText(page, ".copied", "press Ctrl+C");
    assert.equal(
      await page.$eval("#link-field", (field) =>
        document.activeElement === field ? field.selectionEnd - field.selectionStart : 0,
      ),
      await page.$eval("#link-field", ({ value }) => value.length),
    );
    await page.close();
  });
  await check("the chart is drawn where the browser's language is no valid one", async () => {
    const page = await browser.newPage();
    // uPlot throws then when it is imported.
    await page.evaluateOnNewDocument(() =>
      Object.defineProperty(navigator, "language", { get: () => "no language", configurable: true }),
    );
    await page.goto(`${url}playground/`);
    await ready(page);
    await click(page, "Step");
    await page.waitForSelector(".chart canvas");
    await page.close();
  });
  await check("a chart that cannot be loaded is said, and it trains on", async () => {
    const server = await serveAltered([[/loss-chart.*\.js$/, null]]);
    try {
      const page = await browser.newPage();
      await page.goto(`${server.url}playground/`);
      await ready(page);
      await click(page, "Run");
      await waitForText(page, ".chart-note", "could not load the chart");
      await waitForSteps(page, 20);
      await page.close();
    } finally {
      server.close();
    }
  });
  await check("a table that is dropped on the page is read, and comes back after a toy set", async () => {
    const page = await opened();
    await drop(page, "table.csv", TABLE);
    await waitForText(page, "button", "Use this table");
    await click(page, "Use this table");
    await waitForText(page, ".legend", "large");
    await click(page, "Moons");
    await page.waitForFunction(() => !document.querySelector(".legend").textContent.includes("large"));
    await click(page, "Your own table");
    await waitForText(page, ".legend", "large");
    await page.close();
  });
  await check("a browser without WebAssembly is told", async () => {
    const page = await browser.newPage();
    await page.evaluateOnNewDocument("delete globalThis.WebAssembly");
    await page.goto(`${url}playground/`);
    await page.waitForSelector(".trouble");
    assert.match(await textOf(page, ".trouble"), /WebAssembly/);
    await page.close();
  });

  await check("links hide parts, and stand in frames without header and footer", async () => {
    const page = await opened(`playground/${hash}&hide=data,training,code,link&embed`);
    await waitForText(page, ".verdict", "Equal");
    const seen = await page.evaluate(() =>
      [...document.querySelectorAll("h1, h2, h3, button, header, footer")]
        .filter((element) => element.checkVisibility())
        .map(({ textContent }) => textContent.trim()),
    );
    for (const text of ["Data", "Training", "Code", "Link", "Playground"])
      assert.ok(!seen.includes(text), text);
    for (const text of ["Result", "Network", "Run", "Picture"])
      assert.ok(
        seen.some((one) => one.startsWith(text)),
        text,
      );
    assert.equal(
      await page.$("header:not([hidden])").then((header) => header.evaluate((one) => one.checkVisibility())),
      false,
    );
    const to = await page.$eval(".actions a", ({ href }) => href);
    assert.equal(new URL(to).hash, hash);
    await page.close();
    const other = await opened("playground/?hide=chart&embed");
    assert.equal(await other.$(".chart"), null);
    await other.close();
  });
  await check(
    "nothing scrolls sideways at 200 % zoom or on a phone, with a table and eight layers",
    async () => {
      for (const width of [640, 390, 320]) {
        const page = await opened("playground/", { width, height: 800 });
        for (let layer = 2; layer < 8; layer++) await click(page, "Add layer");
        await readTable(page, TABLE);
        await waitForText(page, "button", "Use this table");
        await click(page, "Weights as a table");
        assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width, `${width}`);
        await page.close();
      }
    },
  );
};
