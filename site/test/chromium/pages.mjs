/** Every page, of the reference one in twelve: loads without a fault, without asking anybody else, and without scrolling sideways on a phone. */
import { strict as assert } from "node:assert";
import { allPages } from "../../builder/pages.mjs";

export default async ({ open, check }) => {
  const paths = (await allPages()).map(({ path }) => path);
  const isReference = (path) => path.startsWith("docs/api/");
  const seldom = paths.filter(isReference).filter((_, i) => i % 12 === 0);
  for (const path of [...paths.filter((one) => !isReference(one)), ...seldom]) {
    await check(`/${path} fits a phone, and 320 px, to which 400 % zoom comes`, async () => {
      const page = await open(path, { width: 390, height: 844 });
      for (const width of [390, 320]) {
        await page.setViewport({ width, height: 844 });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= width, `${wide} px wide, on a screen of ${width}`);
      }
      await page.close();
    });
  }
};
