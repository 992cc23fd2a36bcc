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

const isClean = async (page) => {
  await addAxe(page);
  assert.deepEqual(await violationsIn(page), []);
};

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
    for (const features of [{}, { scheme: "dark" }, { width: 390, height: 844 }])
      await check(`no violation: ${name}, ${JSON.stringify(features)}`, async () => {
        const page = await open("playground/", features);
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
  for (const scheme of ["light", "dark"]) {
    await check(`no violation: a link that is equal, ${scheme}`, async () => {
      const page = await open(`playground/${link}`, { scheme });
      await waitForText(page, ".verdict", "Equal");
      await isClean(page);
      await page.close();
    });
    await check(`no violation: a link that is damaged, ${scheme}`, async () => {
      const page = await open(`playground/${link.slice(0, -9)}`, { scheme });
      await page.waitForSelector(".verdict.differs");
      await isClean(page);
      await page.close();
    });
  }
};
