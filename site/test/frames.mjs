/**
 * Prints how evenly the playground draws while it trains, as Markdown: milliseconds between pictures of the stage by network and speed,
 * and what a longer run holds in memory. For a quiet machine, and no part of the tests. The site must be built.
 *
 *   node site/test/frames.mjs                  a bit more than a minute
 *   node site/test/frames.mjs --seconds 30     of each network and speed; default 10
 *   node site/test/frames.mjs --minutes 10     then trains the default network so long, and prints memory each minute
 */
import { parseArgs } from "node:util";
import puppeteer from "puppeteer-core";
import { BROWSERS, find } from "../../test/browser/browsers.mjs";
import { click, heapOf, ready, setLayers, waitForSteps } from "./playground-page.mjs";
import { BASE, serveSite } from "./serve.mjs";

const NETWORKS = { default: [6, 4], largest: Array(8).fill(64) };
const SPEEDS = ["epoch", "all"];
const MINUTE = 60_000;

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "10" }, minutes: { type: "string", default: "0" } },
});
const [seconds, minutes] = [Number(values.seconds), Number(values.minutes)];
if (!(seconds > 0 && minutes >= 0)) {
  console.error("frames: --seconds must be a number above 0, --minutes one from 0 on");
  process.exit(2);
}

const server = await serveSite();
const browser = await puppeteer.launch({
  executablePath: find(BROWSERS.find(({ name }) => name === "Chromium")),
  args: ["--no-sandbox", "--disable-gpu"],
  protocolTimeout: seconds * 1000 + 2 * MINUTE,
});

/** A page that trains, and counts when its stage is drawn. */
async function training(units, speed) {
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
  return page;
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const row = (cells) => console.log(`| ${cells.join(" | ")} |`);
const megabytes = (bytes) => (bytes / 2 ** 20).toFixed(1);

console.log(`${await browser.version()}, ${seconds} s each\n`);
row(["Network", "Speed", "Pictures a second", "Median, ms", "p95, ms", "p99, ms"]);
row(["---", "---", "--:", "--:", "--:", "--:"]);
for (const [name, units] of Object.entries(NETWORKS))
  for (const speed of SPEEDS) {
    const page = await training(units, speed);
    // The grid of the surface finds its size.
    await pause(1000);
    await page.evaluate(() => {
      window.times.length = 0;
    });
    await pause(seconds * 1000);
    const between = await page.evaluate(() =>
      window.times.slice(1).map((time, at) => time - window.times[at]),
    );
    between.sort((a, b) => a - b);
    const at = (share) => between[Math.floor((between.length - 1) * share)]?.toFixed(1) ?? "none";
    row([name, speed, (between.length / seconds).toFixed(1), at(0.5), at(0.95), at(0.99)]);
    await page.close();
  }

if (minutes > 0) {
  const page = await training(NETWORKS.default, "epoch");
  console.log();
  row(["Minute", "Steps", "Page, MB", "Worker, MB"]);
  row(["--:", "--:", "--:", "--:"]);
  for (let minute = 0; ; minute++) {
    const steps = await page.$$eval(
      ".figures dl div",
      (all) => all.find((one) => one.textContent.startsWith("Steps")).lastChild.textContent,
    );
    await page.evaluate(() => {
      window.times.length = 0;
    });
    const [worker] = page.workers();
    row([minute, steps, megabytes(await heapOf(page)), megabytes(await heapOf(worker))]);
    if (minute >= minutes) break;
    await pause(MINUTE);
  }
}
await browser.close();
server.close();
