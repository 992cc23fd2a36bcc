/** Frames while it trains: how many, that they need no more memory, and that a hidden page rests. */
import { strict as assert } from "node:assert";
import { click, linkOf, pause, ready, stepsOf, waitForSteps, waitForText } from "../playground-page.mjs";

const LEAST_FRAMES = 30;
const MEASURED_MS = 2_500;
/** Bytes that the page may have gained after 1,000 frames: a leak of a surface a frame would be eight times as much. */
const MOST_GAINED = 4 * 2 ** 20;

/** Counts the pictures on the stage. */
const count = () => {
  window.drawn = 0;
  const { clearRect } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.clearRect = function (...given) {
    if (this.canvas.id === "stage") window.drawn++;
    return clearRect.apply(this, given);
  };
};

/** Frames of the browser and pictures on the stage, a second. */
const ratesOf = (page) =>
  page.evaluate(async (milliseconds) => {
    const start = performance.now();
    const before = window.drawn;
    let frames = 0;
    while (performance.now() - start < milliseconds) {
      await new Promise(requestAnimationFrame);
      frames++;
    }
    const seconds = (performance.now() - start) / 1000;
    return { frames: frames / seconds, drawn: (window.drawn - before) / seconds };
  }, MEASURED_MS);

async function heapOf(page) {
  const client = await page.createCDPSession();
  await client.send("HeapProfiler.collectGarbage");
  await client.send("HeapProfiler.collectGarbage");
  await client.detach();
  return (await page.metrics()).JSHeapUsedSize;
}

const drawn = (page, least) =>
  page.waitForFunction((wanted) => window.drawn >= wanted, { timeout: 60_000 }, least);

export default async ({ open, check }) => {
  const opened = async (path = "playground/") => {
    const page = await open(path);
    await page.evaluate(count);
    await ready(page);
    return page;
  };
  /** What a page gets that does nothing: on a loaded machine that is less than 60. */
  let idle;
  await check("the default network is drawn at least 30 times a second", async () => {
    const page = await opened();
    idle = (await ratesOf(page)).frames;
    await click(page, "Run");
    await waitForSteps(page, 20);
    const { drawn: shown } = await ratesOf(page);
    assert.ok(
      shown >= Math.min(LEAST_FRAMES, idle / 2),
      `${shown.toFixed(1)} a second; idle ${idle.toFixed(1)}`,
    );
    await page.close();
  });
  await check("the largest network is drawn while it trains, at any speed", async () => {
    const page = await opened();
    for (let layer = 2; layer < 8; layer++) await click(page, "Add layer");
    for (let layer = 0; layer < 8; layer++) {
      await page.$$eval(
        ".layers input",
        (fields, at) => {
          fields[at].value = "64";
          fields[at].dispatchEvent(new Event("change", { bubbles: true }));
        },
        layer,
      );
      await page.waitForFunction(
        (at) => document.querySelectorAll(".layers input")[at].value === "64",
        {},
        layer,
      );
    }
    await page.select(".controls select", "all");
    await click(page, "Run");
    await waitForSteps(page, 20);
    const { drawn: shown } = await ratesOf(page);
    assert.ok(
      shown >= Math.min(LEAST_FRAMES, idle / 2) / 2,
      `${shown.toFixed(1)} a second; idle ${idle.toFixed(1)}`,
    );
    await page.close();
  });
  await check("memory is flat", async () => {
    const page = await opened();
    await page.select(".controls select", "all");
    await click(page, "Run");
    await drawn(page, 150);
    const before = await heapOf(page);
    const from = await page.evaluate(() => window.drawn);
    await drawn(page, from + 500);
    const gained = (await heapOf(page)) - before;
    assert.ok(gained < MOST_GAINED, `${(gained / 2 ** 20).toFixed(1)} MB more after 500 frames`);
    await page.close();
  });
  await check("a hidden page rests, and goes on to the same parameters", async () => {
    const page = await opened();
    await click(page, "Run");
    await waitForSteps(page, 30);
    await page.evaluate(() => {
      Object.defineProperty(document, "hidden", { value: true, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    // What was asked for may still come.
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)));
    const before = await page.evaluate(() => window.drawn);
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)));
    assert.equal(await page.evaluate(() => window.drawn), before);
    await page.evaluate(() => {
      delete document.hidden;
      document.dispatchEvent(new Event("visibilitychange"));
    });
    await waitForSteps(page, (await stepsOf(page)) + 50);
    await pause(page);
    const { hash } = new URL(await linkOf(page));
    await page.close();
    const other = await open(`playground/${hash}`);
    await waitForText(other, ".verdict", "Equal");
    await other.close();
  });
};
