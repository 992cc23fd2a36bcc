/** Every page: loads without a fault, without asking anybody else, and without scrolling sideways on a phone. */
import { strict as assert } from "node:assert";
import { allPages } from "../../builder/pages.mjs";

export default async ({ open, check }) => {
  for (const { path } of await allPages()) {
    await check(`/${path} fits a phone`, async () => {
      const page = await open(path, { width: 390, height: 844 });
      const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(wide <= seen, `${wide} px wide, on a screen of ${seen}`);
      await page.close();
    });
  }
};
