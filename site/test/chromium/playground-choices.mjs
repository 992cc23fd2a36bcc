/** Choices that cannot be, come late or come twice: what the page shows as chosen is what its run has. */
import { strict as assert } from "node:assert";
import { serveAltered } from "../altered.mjs";
import {
  choose,
  click,
  contentOf,
  drop,
  linkOf,
  pause,
  readTable,
  ready,
  stepsOf,
  TABLE,
  textOf,
  timeOf,
  waitForSteps,
  waitForText,
} from "../playground-page.mjs";

const waitForTime = (page, text) =>
  page.waitForFunction((wanted) => document.querySelector(".time output").textContent === wanted, {}, text);
const rateOf = (page) =>
  page.evaluate(
    () =>
      [...document.querySelectorAll("label")].find((one) => one.textContent === "Learning rate").control
        .value,
  );
/** Back to step 0 by the time slider, where there are more. */
const rewind = async (page) => {
  await page.focus("#time");
  await page.keyboard.press("Home");
  await page.waitForFunction(() =>
    document.querySelector(".time output").textContent.startsWith("Step 0 of"),
  );
};

export default async ({ browser, open, check }) => {
  const opened = async () => {
    const page = await open("playground/");
    await ready(page);
    return page;
  };
  await check("a pause before the first step after going back stays there", async () => {
    const page = await opened();
    await click(page, "Run");
    await waitForSteps(page, 40);
    await pause(page);
    const end = await stepsOf(page);
    await rewind(page);
    await page.select(".controls select", "slow");
    await page.evaluate(async () => {
      const run = document.querySelector("button.run");
      run.click();
      while (!run.textContent.includes("Pause")) await Promise.resolve();
      run.click();
    });
    await waitForText(page, "[role=status]", "Paused.");
    assert.equal(await timeOf(page), `Step 0 of ${end}`);
    await page.close();
  });
  await check("Restart starts with the rate that is shown", async () => {
    const page = await opened();
    await click(page, "Step");
    await waitForSteps(page, 1);
    await choose(page, "Learning rate", "0.1");
    await click(page, "Step");
    await waitForSteps(page, 2);
    assert.equal(await rateOf(page), "0.1");
    await rewind(page);
    assert.equal(await rateOf(page), "0.01");
    await click(page, "Restart");
    await waitForTime(page, "Step 0");
    assert.equal(await rateOf(page), "0.01");
    const { config } = JSON.parse(contentOf(new URL(await linkOf(page)).hash));
    assert.deepEqual([config.rate, config.rates], [0.01, []]);
    await page.close();
  });
  await check("what cannot start is said, and run and settings stay those before", async () => {
    const page = await opened();
    await readTable(page, "a,b,k\n1,2,x\n2,1,y\n3,1,x\n4,4,y");
    await waitForText(page, "button", "Use this table");
    await click(page, "Use this table");
    await waitForText(page, ".data", "4 rows");
    await click(page, "Step");
    await waitForSteps(page, 1);
    await choose(page, "Training rows", "90");
    await waitForText(page, ".trouble", "leave none to test");
    await waitForText(page, ".range output", "70 %");
    await click(page, "Step");
    await waitForSteps(page, 2);
    const { config } = JSON.parse(contentOf(new URL(await linkOf(page)).hash));
    assert.equal(config.data.train, 70);
    await page.close();
  });
  await check(
    "a table that cannot start leaves the run, though it needs another worker, and the table",
    async () => {
      const page = await opened();
      await click(page, "Step");
      await waitForSteps(page, 1);
      const rows = Array.from(
        { length: 10 },
        (_, i) => `${i},${(i * i) % 7},${i === 7 || i === 8 ? i : ""},${i % 2 ? "x" : "y"}`,
      );
      await readTable(page, `a,b,c,kind\n${rows.join("\n")}`);
      await waitForText(page, "button", "Use this table");
      await click(page, "Use this table");
      await waitForText(page, ".trouble", "has no value in any training row");
      await page.waitForSelector(".columns");
      await click(page, "Step");
      await waitForSteps(page, 2);
      await page.close();
    },
  );
  await check("a table that is dropped on another one can be left", async () => {
    const page = await opened();
    const isOpen = () => page.$(".own-table").then(Boolean);
    await drop(page, "first.csv", TABLE);
    await waitForText(page, "button", "Use this table");
    await click(page, "Use this table");
    await waitForText(page, "button", "Another table");
    assert.equal(await isOpen(), false);
    for (const name of ["second.csv", "third.csv"]) {
      await drop(page, name, TABLE);
      await waitForText(page, "button", "Use this table");
      await click(page, "Keep this table");
      await waitForText(page, "button", "Another table");
      assert.equal(await isOpen(), false);
    }
    await page.close();
  });
  await check("where the data are hidden, a table that is dropped is refused with a sentence", async () => {
    const page = await open("playground/?hide=data");
    await ready(page);
    await drop(page, "table.csv", TABLE);
    await waitForText(page, ".trouble", "open the whole playground to use a table of your own");
    await page.close();
  });
  await check(
    "a table whose last column is the only one with numbers can be used, and its columns chosen",
    async () => {
      const page = await opened();
      const rows = Array.from({ length: 20 }, (_, i) => `k${i % 2},c${i % 15},${i}`);
      await readTable(page, `kind,colour,weight\n${rows.join("\n")}`);
      await waitForText(page, ".columns", "Learned as 2 classes");
      await choose(page, "Target: what is to be learned", "weight");
      await waitForText(page, ".columns", "No input has numbers");
      await click(page, "Use this table");
      await waitForText(page, ".own-table .bad", "No input has numbers");
      await choose(page, "Target: what is to be learned", "kind");
      await waitForText(page, ".columns", "Learned as 2 classes");
      await click(page, "Use this table");
      await waitForText(page, ".legend", "k1");
      await page.close();
    },
  );
  await check("a dialog that cannot be loaded is said, and it trains on", async () => {
    const server = await serveAltered([[/\/examples-[^/]*\.js$/, null]]);
    try {
      const page = await browser.newPage();
      await page.goto(`${server.url}playground/`);
      await ready(page);
      await click(page, "Examples");
      await waitForText(page, ".trouble", "could not be loaded");
      assert.match(await textOf(page, ".trouble"), /Reload the page/);
      await click(page, "Step");
      await waitForSteps(page, 1);
      await page.close();
    } finally {
      server.close();
    }
  });
};
