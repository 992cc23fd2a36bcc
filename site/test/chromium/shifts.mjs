/** Nothing moves while a page loads on a slow line: CLS of one page of each kind on a phone, of some on a desktop. */
import { strict as assert } from "node:assert";
import { allPages } from "../../builder/pages.mjs";
import { vitalsOf } from "../vitals.mjs";

const MOST_SHIFT = 0.05;
const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1280, height: 900 };

export default async ({ browser, url, check }) => {
  const lesson = (await allPages()).map(({ path }) => path).find((path) => /^course\/.+/.test(path));
  const onPhone = ["", "playground/", "docs/training/", "check/", "benchmark/", "teach/", "search/", lesson];
  const onDesktop = ["", "playground/", "benchmark/"];
  for (const [paths, size] of [
    [onPhone, PHONE],
    [onDesktop, DESKTOP],
  ])
    for (const path of paths)
      await check(`/${path} stays where it is, ${size.width} px wide`, async () => {
        const page = await browser.newPage();
        const { shift, shifts } = await vitalsOf(page, url + path, size);
        assert.ok(shift <= MOST_SHIFT, `${shift.toFixed(3)}, by ${shifts.join(", ")}`);
        await page.close();
      });

  await check("a page whose text moves is refused", async () => {
    const page = await browser.newPage();
    await page.evaluateOnNewDocument(() => {
      addEventListener("load", () => {
        const late = document.createElement("div");
        late.style.height = "300px";
        setTimeout(() => document.querySelector("main").prepend(late));
      });
    });
    const { shift } = await vitalsOf(page, `${url}docs/training/`);
    assert.ok(shift > MOST_SHIFT, `${shift}`);
    await page.close();
  });
};
