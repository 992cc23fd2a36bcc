/** Every page by the rules of WCAG 2.2 A and AA that axe knows, in light, and in dark on a phone; of the API reference a few. */
import { strict as assert } from "node:assert";
import { allPages } from "../../builder/pages.mjs";
import { addAxe, violationsIn } from "../axe.mjs";

/** Pages of one kind are alike: the first, the last and some between. */
function sampleOf(paths, most) {
  if (paths.length <= most) return paths;
  return Array.from({ length: most }, (_, i) => paths[Math.round((i * (paths.length - 1)) / (most - 1))]);
}

const API_PAGES = 4;

export default async ({ open, check }) => {
  const paths = (await allPages()).map(({ path }) => path);
  const isApi = (path) => path.startsWith("docs/api/");
  const checked = [...paths.filter((path) => !isApi(path)), ...sampleOf(paths.filter(isApi), API_PAGES)];
  for (const path of checked)
    await check(`/${path} in light, and in dark on a phone`, async () => {
      // Nothing moves, so that what axe sees does not depend on when it looks.
      const page = await open(path, { "prefers-reduced-motion": "reduce" });
      await addAxe(page);
      const found = [];
      for (const [scheme, width] of [
        ["light", 1280],
        ["dark", 390],
      ]) {
        await page.setViewport({ width, height: 900 });
        await page.emulateMediaFeatures([
          { name: "prefers-color-scheme", value: scheme },
          { name: "prefers-reduced-motion", value: "reduce" },
        ]);
        found.push(...(await violationsIn(page)).map((violation) => `${scheme}: ${violation}`));
      }
      assert.deepEqual(found, []);
      await page.close();
    });

  await check("a page with a fault is refused", async () => {
    const page = await open("");
    await addAxe(page);
    await page.evaluate(() => {
      document.getElementById("copy").textContent = "";
      document.querySelector("h1").style.color = "#ccc";
    });
    const found = await violationsIn(page);
    assert.ok(
      found.some((violation) => violation.startsWith("button-name: ")),
      found.join("\n"),
    );
    assert.ok(
      found.some((violation) => violation.startsWith("color-contrast: ")),
      found.join("\n"),
    );
    await page.close();
  });
};
