/**
 * How pages appear on a slow line: largest paint and shifts of layout in Chromium under its slow 4G (1.4 Mbit/s, 562 ms
 * for each request) and a processor four times as slow. Needs the built site, and means little on a machine that has other work.
 *
 *   node site/test/vitals.mjs                 prints a Markdown table of the landing page, playground, docs, course
 *   node site/test/vitals.mjs check/ docs/    of these pages
 */
import { argv } from "node:process";
import { pathToFileURL } from "node:url";
import puppeteer, { PredefinedNetworkConditions } from "puppeteer-core";
import { BROWSERS, find } from "../../test/browser/browsers.mjs";
import { allPages } from "../builder/pages.mjs";
import { BASE, serveSite } from "./serve.mjs";

const SLOWER = 4;

/** Runs in the page from its start. */
function watch() {
  const seen = { largestMs: 0, largest: "", shift: 0, shifts: [] };
  window.vitals = seen;
  new PerformanceObserver((list) => {
    for (const { startTime, element } of list.getEntries()) {
      seen.largestMs = startTime;
      seen.largest = element?.tagName.toLowerCase() ?? "";
    }
  }).observe({ type: "largest-contentful-paint", buffered: true });
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput, sources } of list.getEntries()) {
      if (hadRecentInput) continue;
      seen.shift += value;
      seen.shifts.push(...sources.map(({ node }) => node?.id || node?.className || node?.nodeName));
    }
  }).observe({ type: "layout-shift", buffered: true });
}

/**
 * @param {import("puppeteer-core").Page} page  a fresh one
 * @returns {Promise<{ largestMs: number, largest: string, shift: number, shifts: string[] }>} once the network rests; `largest` and
 *   `shifts` name elements
 */
export async function vitalsOf(page, url, { width = 1280, height = 900 } = {}) {
  await page.setViewport({ width, height });
  await page.setCacheEnabled(false);
  await page.emulateNetworkConditions(PredefinedNetworkConditions["Slow 4G"]);
  await page.emulateCPUThrottling(SLOWER);
  await page.evaluateOnNewDocument(watch);
  await page.goto(url, { waitUntil: "networkidle0", timeout: 110_000 });
  return page.evaluate(() => window.vitals);
}

async function main(words) {
  const paths = (await allPages()).map(({ path }) => path);
  const lesson = paths.find((path) => /^course\/.+/.test(path));
  const wanted = words.length > 0 ? words : ["", "playground/", "docs/", "docs/training/", lesson];
  const server = await serveSite();
  const browser = await puppeteer.launch({
    executablePath: find(BROWSERS.find(({ name }) => name === "Chromium")),
    args: ["--no-sandbox", "--disable-gpu"],
  });
  console.log("| page | largest paint, 1280 px wide | 390 px | shift, 1280 px wide | 390 px |");
  console.log("|---|---:|---:|---:|---:|");
  for (const path of wanted.filter((one) => one !== undefined)) {
    const sizes = [
      { width: 1280, height: 900 },
      { width: 390, height: 844 },
    ];
    const seen = [];
    for (const size of sizes) {
      const page = await browser.newPage();
      seen.push(await vitalsOf(page, server.url + BASE + path, size));
      await page.close();
    }
    const largest = seen.map(
      ({ largestMs, largest: what }) => `${(largestMs / 1000).toFixed(2)} s (${what})`,
    );
    const shift = seen.map((one) => one.shift.toFixed(3));
    console.log(`| ${[`\`/${path}\``, ...largest, ...shift].join(" | ")} |`);
  }
  await browser.close();
  server.close();
}

if (import.meta.url === pathToFileURL(argv[1]).href) await main(argv.slice(2));
