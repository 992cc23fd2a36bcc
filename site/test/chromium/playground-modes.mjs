/** The playground in forced colours, and where motion is unwanted: everything can still be told apart, and nothing moves by itself. */
import { strict as assert } from "node:assert";
import { addAxe, violationsIn } from "../axe.mjs";
import { click, linkOf, noteCalls, pause, ready, waitForSteps, waitForText } from "../playground-page.mjs";

export default async ({ url, open, check }) => {
  /** The page with these media features; it notes what is asked of workers. */
  const opened = async (features, hash = "") => {
    const page = await open("");
    const client = await page.createCDPSession();
    await client.send("Emulation.setEmulatedMedia", { features });
    await noteCalls(page);
    await page.goto(`${url}playground/${hash}`);
    await ready(page);
    return page;
  };
  const FORCED = [{ name: "forced-colors", value: "active" }];
  const STILL = [{ name: "prefers-reduced-motion", value: "reduce" }];
  const styleOf = (page, selector, name) =>
    page.$eval(selector, (element, property) => getComputedStyle(element)[property], name);

  await check("in forced colours what is chosen, focused and drawn can be told apart", async () => {
    const page = await opened(FORCED);
    assert.ok(await page.evaluate(() => matchMedia("(forced-colors: active)").matches));
    assert.equal(await styleOf(page, ".set:has(:checked)", "outlineStyle"), "solid");
    assert.equal(await styleOf(page, ".set:not(:has(:checked))", "outlineStyle"), "none");
    assert.equal(await styleOf(page, "button.run", "borderTopWidth"), "2px");
    await page.focus("button.run");
    await page.keyboard.press("Tab");
    assert.match(await styleOf(page, ":focus", "outlineStyle"), /solid|auto/);
    const colors = await page.$$eval(
      ".legend path, .toy-picture .kind-1, .toy-picture .kind-2",
      (all) => new Set(all.map((element) => getComputedStyle(element).fill)).size,
    );
    assert.ok(colors >= 2, `${colors} colours`);
    await click(page, "Wave");
    await page.waitForSelector(".scale");
    assert.match(await styleOf(page, ".scale", "backgroundImage"), /^linear-gradient/);
    await page.close();
  });
  await check("in forced colours axe finds nothing, also when a link is equal", async () => {
    const page = await opened(FORCED);
    await click(page, "Run");
    await waitForSteps(page, 20);
    await pause(page);
    await addAxe(page);
    assert.deepEqual(await violationsIn(page), []);
    const { hash } = new URL(await linkOf(page));
    await page.close();
    const other = await opened(FORCED, hash);
    await waitForText(other, ".verdict", "Equal");
    await addAxe(other);
    assert.deepEqual(await violationsIn(other), []);
    await other.close();
  });
  await check("where motion is unwanted nothing moves by itself, and it trains when asked", async () => {
    const page = await opened(STILL);
    const moved = await page.evaluate(async () => {
      const { body } = document;
      body.style.transition = "opacity 1s";
      body.style.animation = "spin 1s";
      const before = window.calls.length;
      for (let frame = 0; frame < 30; frame++) await new Promise(requestAnimationFrame);
      const { transitionDuration, animationName } = getComputedStyle(body);
      return {
        transitionDuration,
        animationName,
        animations: document.getAnimations().length,
        calls: window.calls.length - before,
      };
    });
    assert.deepEqual(moved, { transitionDuration: "0s", animationName: "none", animations: 0, calls: 0 });
    await click(page, "Run");
    await waitForSteps(page, 20);
    await pause(page);
    await page.close();
  });
  await check(
    "numbers: test rows are hollow, the picture has a scale, and the set looks like a surface",
    async () => {
      const page = await open("");
      await page.evaluateOnNewDocument(() => {
        const { fill } = CanvasRenderingContext2D.prototype;
        window.fills = {};
        CanvasRenderingContext2D.prototype.fill = function (...given) {
          window.fills[this.fillStyle] = (window.fills[this.fillStyle] ?? 0) + 1;
          return fill.apply(this, given);
        };
        const make = URL.createObjectURL;
        URL.createObjectURL = (blob) => {
          window.saved = blob;
          return make.call(URL, blob);
        };
        HTMLAnchorElement.prototype.click = () => {};
      });
      await page.goto(`${url}playground/`);
      await ready(page);
      await click(page, "Wave");
      await page.waitForSelector(".scale");
      const kinds = await page.$$eval(".set:has(:checked) circle", (all) =>
        all.map((circle) => circle.getAttribute("class")),
      );
      assert.deepEqual([...new Set(kinds)].sort(), ["kind-1", "kind-2"]);
      // 90 of 300 rows test; nothing else has as many fillings of this colour.
      await page.waitForFunction(() => window.fills["#ffffff"] >= 90);
      await click(page, "Picture");
      await page.waitForFunction(() => window.saved);
      const shades = await page.evaluate(async () => {
        const picture = await createImageBitmap(window.saved);
        const canvas = new OffscreenCanvas(picture.width, picture.height);
        const context = canvas.getContext("2d");
        context.drawImage(picture, 0, 0);
        // Below the stage, and above the figures.
        const { data } = context.getImageData(70, 985, 400, 1);
        return new Set(Array.from({ length: 400 }, (_, x) => data.slice(4 * x, 4 * x + 3).join())).size;
      });
      assert.ok(shades > 100, `${shades} colours`);
      await page.close();
    },
  );
};
