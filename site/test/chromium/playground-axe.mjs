/** The playground in its states, checked by axe against WCAG 2.2 AA. */
import { strict as assert } from "node:assert";
import { addAxe, violationsIn } from "../axe.mjs";
import {
  click,
  linkOf,
  pause,
  readTable,
  ready,
  TABLE,
  waitForSteps,
  waitForText,
} from "../playground-page.mjs";

/** In light, in dark, and on a phone. */
async function isClean(page) {
  await addAxe(page);
  const found = [];
  for (const [scheme, width] of [
    ["light", 1280],
    ["dark", 1280],
    ["dark", 390],
  ]) {
    await page.setViewport({ width, height: 900 });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    found.push(...(await violationsIn(page)).map((violation) => `${scheme}, ${width} px: ${violation}`));
  }
  assert.deepEqual(found, []);
}

/** Each state, from a page that was just opened. */
const STATES = {
  start: async () => {},
  "trained, with tables": async (page) => {
    await click(page, "Run");
    await waitForSteps(page, 50);
    await pause(page);
    await click(page, "Weights as a table");
    await click(page, "Surface as a table");
    await page.waitForSelector(".scroller table");
  },
  "a table that was read": async (page) => {
    await readTable(page, TABLE);
    await waitForText(page, "button", "Use this table");
  },
  "a table that cannot be read": async (page) => {
    await readTable(page, "only,a,header");
    await page.waitForSelector(".own-table .bad");
  },
  examples: async (page) => {
    await click(page, "Examples");
    await page.waitForSelector(".examples");
  },
  "the link's dialog": async (page) => {
    await click(page, "Link");
    await page.waitForSelector("#link-field");
    await click(page, "For a lesson");
  },
  "the code's dialog": async (page) => {
    await click(page, "Code");
    await page.waitForSelector(".dialog pre");
  },
};

export default async ({ open, check }) => {
  for (const [name, reach] of Object.entries(STATES))
    await check(`no violation: ${name}`, async () => {
      const page = await open("playground/");
      await ready(page);
      await reach(page);
      await isClean(page);
      await page.close();
    });

  let link;
  await check("a link can be made", async () => {
    const page = await open("playground/");
    await ready(page);
    await click(page, "Step");
    await waitForSteps(page, 1);
    link = new URL(await linkOf(page)).hash;
    await page.close();
  });
  await check("no violation: a link that is equal", async () => {
    const page = await open(`playground/${link}`);
    await waitForText(page, ".verdict", "Equal");
    await isClean(page);
    await page.close();
  });
  await check("no violation: a link that is damaged", async () => {
    const page = await open(`playground/${link.slice(0, -9)}`);
    await page.waitForSelector(".verdict.differs");
    await isClean(page);
    await page.close();
  });
};
