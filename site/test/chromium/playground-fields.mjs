/** Fields and buttons of the playground whose words must not outlive what they are about. */
import { strict as assert } from "node:assert";
import { click, ready, textOf, waitForText } from "../playground-page.mjs";

export default async ({ open, check }) => {
  await check("what was wrong with a number is forgotten when an example brings another", async () => {
    const page = await open("playground/");
    await ready(page);
    const units = await page.$(".layers input");
    await units.click({ count: 3 });
    await units.type("1000");
    await page.keyboard.press("Enter");
    await waitForText(page, ".fault", "must be a whole number from");
    await click(page, "Examples");
    await page.waitForSelector(".examples");
    await click(page, "A hidden layer solves XOR");
    await page.waitForFunction(() => !document.querySelector(".fault"), { polling: 50 });
    await page.close();
  });

  await check("a link that changed was not copied yet", async () => {
    const page = await open("playground/");
    await ready(page);
    await page.evaluate(() => {
      navigator.clipboard.writeText = async () => {};
    });
    await click(page, "Link");
    await page.waitForSelector("#link-field");
    await click(page, "Copy link");
    await waitForText(page, ".copied", "Copied.");
    await click(page, "For a lesson");
    await click(page, "For a frame");
    await page.waitForFunction(() => document.getElementById("link-field").value.endsWith("&embed"), {
      polling: 50,
    });
    assert.equal(await textOf(page, ".copied"), "");
    await page.close();
  });
};
