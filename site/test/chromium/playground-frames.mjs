/** Frames while it trains: how many, that they need no more memory, and that a hidden page rests. */
import { strict as assert } from "node:assert";
import {
  click,
  heapOf,
  linkOf,
  noteCalls,
  pause,
  ready,
  setLayers,
  stepsOf,
  waitForSteps,
  waitForText,
} from "../playground-page.mjs";

const LEAST_FRAMES = 30;
const MEASURED_MS = 1_000;
/** Windows of which the best counts: others may need the machine, too. */
const WINDOWS = 6;
const SHARE_OF_POSSIBLE = 0.6;
const FEW = 25;
/** Bytes that the page may have gained after 500 frames: those frames themselves would be more. */
const MOST_GAINED = 2 * 2 ** 20;

/** Counts the pictures on the stage. */
const count = () => {
  window.drawn = 0;
  const { clearRect } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.clearRect = function (...given) {
    if (this.canvas.id === "stage") window.drawn++;
    return clearRect.apply(this, given);
  };
};

/** Pictures on the stage, a second. */
const rateOf = (page) =>
  page.evaluate(async (milliseconds) => {
    const start = performance.now();
    const before = window.drawn;
    while (performance.now() - start < milliseconds) await new Promise(requestAnimationFrame);
    return ((window.drawn - before) * 1000) / (performance.now() - start);
  }, MEASURED_MS);

/** What this machine can do at the moment: frames a second of a page whose worker computes 10 ms for each, and that draws nothing. */
async function possible(browser) {
  const page = await browser.newPage();
  const rate = await page.evaluate(async (milliseconds) => {
    const code =
      "onmessage = () => { const end = performance.now() + 10; while (performance.now() < end); postMessage(0) }";
    const worker = new Worker(URL.createObjectURL(new Blob([code])));
    const start = performance.now();
    let frames = 0;
    while (performance.now() - start < milliseconds) {
      await new Promise((resolve) => {
        worker.onmessage = resolve;
        worker.postMessage(0);
      });
      await new Promise(requestAnimationFrame);
      frames++;
    }
    return (frames * 1000) / (performance.now() - start);
  }, MEASURED_MS);
  await page.close();
  return rate;
}

/** Pictures are drawn often enough, or as often as the machine can, in one window of a few: others may need it, too. */
async function isFluent(browser, page, least) {
  const said = [];
  for (let window = 0; window < WINDOWS; window++) {
    const can = await possible(browser);
    await page.bringToFront();
    const shown = await rateOf(page);
    if (shown >= Math.min(least, SHARE_OF_POSSIBLE * can)) return;
    said.push(`${shown.toFixed(1)} a second where ${can.toFixed(1)} are possible`);
  }
  assert.fail(said.join("; "));
}

/** Waits for so many more pictures; a few at a time, so that a slow machine is only slow. */
async function drawMore(page, pictures) {
  const from = await page.evaluate(() => window.drawn);
  for (let more = FEW; more <= pictures; more += FEW)
    await page.waitForFunction((wanted) => window.drawn >= wanted, { timeout: 100_000 }, from + more);
}

export default async ({ browser, open, url, check }) => {
  const opened = async (path = "playground/") => {
    const page = await open(path);
    await page.evaluate(count);
    await ready(page);
    return page;
  };
  await check("the default network is drawn at least 30 times a second", async () => {
    const page = await opened();
    await click(page, "Run");
    await waitForSteps(page, 20);
    await isFluent(browser, page, LEAST_FRAMES);
    await page.close();
  });
  await check("the largest network is drawn while it trains, at any speed", async () => {
    const page = await opened();
    await setLayers(page, Array(8).fill(64));
    await page.select(".controls select", "all");
    await click(page, "Run");
    await waitForSteps(page, 20);
    await isFluent(browser, page, LEAST_FRAMES);
    await page.close();
  });
  await check("memory is flat", async () => {
    const page = await opened();
    await page.select(".controls select", "all");
    await click(page, "Run");
    await drawMore(page, 150);
    const before = await heapOf(page);
    await drawMore(page, 500);
    const gained = (await heapOf(page)) - before;
    assert.ok(gained < MOST_GAINED, `${(gained / 2 ** 20).toFixed(1)} MB more after 500 frames`);
    await page.close();
  });
  await check("a hidden page rests, and goes on to the same parameters", async () => {
    const page = await open("");
    await noteCalls(page);
    await page.goto(`${url}playground/`);
    await page.evaluate(count);
    await ready(page);
    await click(page, "Run");
    await waitForSteps(page, 30);
    await page.evaluate(() => {
      Object.defineProperty(document, "hidden", { value: true, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    // What was asked for still comes, and is drawn with the next frames.
    await page.waitForFunction(() => window.waiting.size === 0);
    assert.deepEqual(
      await page.evaluate(async () => {
        for (let frame = 0; frame < 5; frame++) await new Promise(requestAnimationFrame);
        const before = [window.calls.length, window.drawn];
        for (let frame = 0; frame < 30; frame++) await new Promise(requestAnimationFrame);
        return [window.calls.length - before[0], window.drawn - before[1]];
      }),
      [0, 0],
    );
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
