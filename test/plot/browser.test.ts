/** Plots in a real page: the SVG that Node gives, to the character, and canvases of both kinds. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { sha256 } from "../../src/index.ts";
import { confusionMatrix, histogram, lossCurve } from "../../src/plot/index.ts";
import { BROWSERS, find } from "../browser/browsers.mjs";
import { printedBy } from "../browser/pages.mjs";

const [chromium] = BROWSERS;
const program = find(chromium);
const files = Object.fromEntries(
  ["core.js", "index.js", "plot.js", "chunks/echarts.js"].map((name) => [
    `/${name}`,
    { body: readFileSync(new URL(`../../dist/${name}`, import.meta.url)) },
  ]),
);
const page = (script: string) => `<script type="module">
  import { sha256 } from "/index.js";
  import { confusionMatrix, histogram, lossCurve } from "/plot.js";
  ${script}</script>`;

const HISTORY = { loss: [4, 2, 1, 0.5], validationLoss: [4, 3, 2, 2.5] };

/** Distinct colours of a canvas of 300 x 200, and what is in its corner: a blank one has one colour, or none. */
const COLOURS = `
  const look = (canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, 300, 200);
    const colours = new Set(new Uint32Array(data.buffer));
    return [canvas.width, canvas.height, colours.size > 8, data[0]].join();
  };`;

describe.skipIf(!program)("a page", () => {
  it("draws the SVG of everywhere, and on canvases", async () => {
    const history = JSON.stringify(HISTORY);
    const printed = await printedBy(
      chromium,
      program as string,
      {
        svg: page(`console.log(sha256([
          lossCurve(${history}, { to: "svg" }),
          confusionMatrix([[3, 1], [0, 4]], { to: "svg", labels: ["cat", "dog"] }),
          histogram([1, 2, 2, 3], { to: "svg" }),
        ].join()));`),
        text: page(`console.log(lossCurve(${history}).split("\\n")[0]);`),
        canvas: page(`${COLOURS}
          const canvas = document.createElement("canvas");
          canvas.width = 300;
          canvas.height = 200;
          console.log(lossCurve(${history}, { to: canvas }) === canvas && look(canvas));`),
        offscreen: page(`${COLOURS}
          const canvas = new OffscreenCanvas(300, 200);
          console.log(confusionMatrix([[3, 1], [0, 4]], { to: canvas }) === canvas && look(canvas));`),
      },
      files,
    );
    const svgs = [
      lossCurve(HISTORY, { to: "svg" }),
      confusionMatrix(
        [
          [3, 1],
          [0, 4],
        ],
        { to: "svg", labels: ["cat", "dog"] },
      ),
      histogram([1, 2, 2, 3], { to: "svg" }),
    ];
    expect(printed).toEqual({
      svg: sha256(svgs.join()),
      text: "loss and validation loss",
      canvas: "300,200,true,255",
      offscreen: "300,200,true,255",
    });
  }, 120_000);
});
