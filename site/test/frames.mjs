/**
 * Prints how evenly the playground draws while it trains: milliseconds between pictures of the stage, by network. For a quiet machine,
 * and no part of the tests. The site must be built.
 *
 *   node site/test/frames.mjs [seconds]
 */
import puppeteer from "puppeteer-core";
import { BROWSERS, find } from "../../test/browser/browsers.mjs";
import { click, ready, waitForSteps } from "./playground-page.mjs";
import { BASE, serveSite } from "./serve.mjs";

const seconds = Number(process.argv[2] ?? 10);
const server = await serveSite();
const browser = await puppeteer.launch({
  executablePath: find(BROWSERS.find(({ name }) => name === "Chromium")),
  args: ["--no-sandbox", "--disable-gpu"],
});

/** Gives the hidden layers so many units each. */
async function setLayers(page, units) {
  const present = await page.$$eval(".layers li", ({ length }) => length);
  for (let layer = present; layer < units.length; layer++) await click(page, "Add layer");
  for (const [layer, count] of units.entries()) {
    await page.$$eval(
      ".layers input",
      (fields, at, value) => {
        fields[at].value = String(value);
        fields[at].dispatchEvent(new Event("change", { bubbles: true }));
      },
      layer,
      count,
    );
    await page.waitForFunction(
      (at, value) => document.querySelectorAll(".layers input")[at].value === String(value),
      {},
      layer,
      count,
    );
  }
}

for (const [name, units] of [
  ["default", [6, 4]],
  ["largest", Array(8).fill(64)],
])
  for (const speed of ["epoch", "all"]) {
    const page = await browser.newPage();
    await page.setViewport({ width: 1280, height: 900 });
    await page.goto(`${server.url}${BASE}playground/`);
    await ready(page);
    await setLayers(page, units);
    await page.select(".controls select", speed);
    await page.evaluate(() => {
      window.times = [];
      const { clearRect } = CanvasRenderingContext2D.prototype;
      CanvasRenderingContext2D.prototype.clearRect = function (...given) {
        if (this.canvas.id === "stage") window.times.push(performance.now());
        return clearRect.apply(this, given);
      };
    });
    await click(page, "Run");
    await waitForSteps(page, 20);
    const between = await page.evaluate(async (milliseconds) => {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      window.times.length = 0;
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      return window.times.slice(1).map((time, at) => time - window.times[at]);
    }, seconds * 1000);
    between.sort((a, b) => a - b);
    const at = (share) => between[Math.floor((between.length - 1) * share)]?.toFixed(1);
    console.log(
      `${name}, speed "${speed}": ${between.length + 1} pictures in ${seconds} s; ms between: median ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}`,
    );
    await page.close();
  }
await browser.close();
server.close();
