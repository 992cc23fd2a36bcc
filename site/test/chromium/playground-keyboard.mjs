/** The playground by keyboard alone: a table, a layer, a run, a link; and the focus has a place after each. */
import { strict as assert } from "node:assert";
import { ready, stepsOf, TABLE, waitForSteps, waitForText } from "../playground-page.mjs";

/** What has the focus: its label or its text. */
const focused = (page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body) return "";
    const label =
      element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent ?? element.textContent;
    return label.replace(/\s+/g, " ").trim();
  });

/** Presses Tab until what has the focus is called so. */
async function tabTo(page, name) {
  const met = [];
  for (let presses = 0; presses < 120; presses++) {
    const now = await focused(page);
    if (now.startsWith(name)) return;
    met.push(now);
    await page.keyboard.press("Tab");
  }
  assert.fail(`no way to ${name} by Tab; met ${met.join(" | ")}`);
}

export default async ({ browser, url, open, check }) => {
  await browser
    .defaultBrowserContext()
    .overridePermissions(new URL(url).origin, ["clipboard-read", "clipboard-sanitized-write"]);
  let page;
  const isFocused = async (name) =>
    assert.ok((await focused(page)).startsWith(name), `the focus is on ${await focused(page)}`);

  await check("a table is written, read and used", async () => {
    page = await open("playground/");
    await ready(page);
    await tabTo(page, "Circles");
    // Up from the first of the choices is the last.
    await page.keyboard.press("ArrowUp");
    await isFocused("Your own table");
    await page.waitForSelector(".own-table textarea");
    await tabTo(page, "Paste a table");
    await page.keyboard.sendCharacter(TABLE);
    await tabTo(page, "Read the table");
    await page.keyboard.press("Enter");
    await waitForText(page, "button", "Use this table");
    await isFocused("Read the table");
    await tabTo(page, "Use this table");
    await page.keyboard.press("Enter");
    await waitForText(page, ".legend", "large");
    await isFocused("Another table");
  });
  await check("layers are added, moved and removed, and the focus follows", async () => {
    await tabTo(page, "Add layer");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.querySelectorAll(".layers li").length === 3);
    await isFocused("Add layer");
    await page.keyboard.down("Shift");
    for (let presses = 0; presses < 3 && !(await focused(page)).startsWith("Move layer 3 earlier"); presses++)
      await page.keyboard.press("Tab");
    await page.keyboard.up("Shift");
    await isFocused("Move layer 3 earlier");
    await page.keyboard.press("Enter");
    await isFocused("Move layer 2 earlier");
    await page.keyboard.press("Enter");
    await isFocused("Move layer 1 earlier");
    await page.keyboard.press("Enter");
    await isFocused("Move layer 1 earlier");
    await tabTo(page, "Remove layer 1");
    for (const left of [2, 1]) {
      await page.keyboard.press("Enter");
      await page.waitForFunction(
        (count) => document.querySelectorAll(".layers li").length === count,
        {},
        left,
      );
      await isFocused("Remove layer 1");
    }
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.querySelectorAll(".layers li").length === 0);
    await isFocused("Add layer");
    await page.keyboard.press("Space");
    await page.waitForFunction(() => document.querySelectorAll(".layers li").length === 1);
  });
  await check("it runs and pauses, and the status says so", async () => {
    await tabTo(page, "Run");
    await page.keyboard.press("Space");
    await isFocused("Pause");
    // What comes later takes its place.
    await waitForText(page, "[role=status]", "Training");
    await waitForSteps(page, 20);
    await page.keyboard.press("Space");
    await isFocused("Run");
    await waitForText(page, "[role=status]", "Paused");
  });
  await check("the time slider goes back", async () => {
    await tabTo(page, "Time");
    await page.keyboard.press("Home");
    await page.waitForFunction(() =>
      document.querySelector(".time output").textContent.startsWith("Step 0 of"),
    );
    assert.equal(await stepsOf(page), 0);
    await page.keyboard.press("End");
    await page.waitForFunction(() => !document.querySelector(".time output").textContent.includes("of"));
    assert.ok((await stepsOf(page)) >= 20);
  });
  await check("the link is copied, and the focus comes back from the dialog", async () => {
    await tabTo(page, "Link");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#link-field");
    await tabTo(page, "Copy link");
    await page.keyboard.press("Enter");
    await waitForText(page, ".copied", "Copied");
    const link = await page.$eval("#link-field", ({ value }) => value);
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), link);
    assert.match(link, /#1\.[\w-]{50,}$/);
    await page.keyboard.press("Escape");
    await page.waitForFunction(() => !document.querySelector("dialog"));
    await isFocused("Link");
    await page.close();
  });
};
