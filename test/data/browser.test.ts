/** Files, responses, canvases and bitmaps of a real page. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { BROWSERS, find } from "../browser/browsers.mjs";
import { printedBy } from "../browser/pages.mjs";

const [chromium] = BROWSERS;
const program = find(chromium);
const dist = (name: string) => ({
  body: readFileSync(new URL(`../../dist/${name}`, import.meta.url)),
});
const files = {
  ...Object.fromEntries(
    ["core.js", "index.js", "data.js", "chunks/papaparse.js", "chunks/fflate.js"].map((name) => [
      `/${name}`,
      dist(name),
    ]),
  ),
  "/table.csv": { body: Buffer.from("a,b\r\n1.5,x\r\n,y\r\n") },
  "/labels.gz": { body: gzipSync(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9)) },
};
const page = (script: string) => `<script type="module">
  import { augment, fromPixels, readCsv, readIdx, streamCsv } from "/data.js";
  ${script}</script>`;

describe.skipIf(!program)("a page", () => {
  it("reads responses, files and streams, and pixels from everything that has some", async () => {
    const drawing = `
      const canvas = document.createElement("canvas");
      canvas.width = 4;
      canvas.height = 2;
      const context = canvas.getContext("2d");
      context.fillStyle = "#000";
      context.fillRect(0, 0, 2, 2);
      const numbers = (source) => [...fromPixels(source, { size: [1, 4], channels: 1, range: [0, 255] }).data].join();`;
    const printed = await printedBy(
      chromium,
      program as string,
      {
        response: page(`console.log(JSON.stringify(await readCsv(await fetch("/table.csv"))));`),
        file: page(`console.log(JSON.stringify(await readCsv(new File(["a\\n1\\n"], "f.csv"))));`),
        stream: page(`let rows = 0;
        for await (const table of streamCsv((await fetch("/table.csv")).body, { tableRows: 1 })) rows += table.rows;
        console.log(rows);`),
        missing: page(
          `console.log((await readCsv(await fetch("/nothing.csv")).catch((e) => e)).message.replace(/ status.*/, ""));`,
        ),
        idx: page(`console.log([...(await readIdx(await fetch("/labels.gz"))).data].join());`),
        canvas: page(`${drawing} console.log(numbers(canvas));`),
        imageData: page(`${drawing} console.log(numbers(context.getImageData(0, 0, 4, 2)));`),
        bitmap: page(`${drawing} console.log(numbers(await createImageBitmap(canvas)));`),
        offscreen: page(
          `${drawing} const own = new OffscreenCanvas(4, 2); own.getContext("2d").drawImage(canvas, 0, 0); console.log(numbers(own));`,
        ),
        image: page(
          `${drawing} const image = new Image(); image.src = canvas.toDataURL(); await image.decode(); console.log(numbers(image));`,
        ),
        unloaded: page(
          `try { fromPixels(new Image()); } catch (e) { console.log(e.message.includes("await img.decode()")); }`,
        ),
      },
      files,
    );
    expect(printed).toEqual({
      response: '[{"a":1.5,"b":"x"},{"a":null,"b":"y"}]',
      file: '[{"a":1}]',
      stream: "2",
      missing: "readCsv: nothing.csv: the response must be a success; got",
      idx: "7,8,9",
      canvas: "0,0,255,255",
      imageData: "0,0,255,255",
      bitmap: "0,0,255,255",
      offscreen: "0,0,255,255",
      image: "0,0,255,255",
      unloaded: "true",
    });
  }, 120_000);
});
