/** The first page: what to install, ten lines, and a network that trains while one reads. */
import { readFileSync } from "node:fs";
import { escapeHtml } from "../../builder/shell.mjs";
import { figures, fromReadme } from "./sources.mjs";

const read = (path) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");

const DOORS = [
  [
    "playground/",
    "Playground",
    "Change a network while it trains, and send a link that gives the same bits to whoever opens it.",
  ],
  ["course/", "Course", "From the chain rule to networks for images, in lessons whose code you can change."],
  ["teach/", "Teach", "Draw a few shapes, and a network tells them apart a moment later."],
  ["docs/", "Docs", "Guides, recipes and the reference of every function."],
  ["check/", "Check", "Run all named trainings in your browser and compare every bit."],
  ["benchmark/", "Benchmark", "Time the suite in your browser, beside other machines."],
];

/** The four rows of XOR over the surface: circles are 0, squares 1. */
const POINTS = `<svg class="points" viewBox="0 0 60 60" aria-hidden="true"><circle cx="10" cy="50" r="2.6"/><circle cx="50" cy="10" r="2.6"/><rect x="7.6" y="7.6" width="4.8" height="4.8"/><rect x="47.6" y="47.6" width="4.8" height="4.8"/></svg>`;

export default () => {
  const { intro, install, code, output, points, audience } = fromReadme(read("README.md"));
  const { rows, slower } = figures(read("docs/performance.md"));
  return [
    {
      path: "",
      title: "wasmgrad: neural networks on the CPU, with the same bits everywhere",
      description: intro,
      script: "landing/main.ts",
      styles: ["text.css"],
      body: `<div class="hero">
<div class="pitch">
<h1>Train neural networks where your users are</h1>
<p class="lead">${escapeHtml(intro)}</p>
<div class="install"><code id="install">${escapeHtml(install)}</code><button type="button" id="copy">Copy</button></div>
<p id="copied" role="status"></p>
<p class="row"><a class="button primary" href="playground/">Open the playground</a><a class="button" href="docs/start/">Get started</a></p>
</div>
<section class="panel live" aria-labelledby="live">
<h2 id="live">XOR, trained while you read</h2>
<div class="live-parts">
<div class="surface"><canvas id="surface" width="40" height="40" role="img" aria-label="What the network last trained says between the four rows of XOR"></canvas><canvas id="before" width="40" height="40" aria-hidden="true"></canvas>${POINTS}</div>
<dl>
<div><dt>Networks trained</dt><dd id="count">0</dd></div>
<div><dt>Median time of one</dt><dd id="median">–</dd></div>
<div><dt>Loss while it trains</dt><dd><svg id="loss" viewBox="0 0 120 32" preserveAspectRatio="none" role="img" aria-label="Falling loss"><polyline points=""/></svg></dd></div>
</dl>
</div>
<p class="digest"><span id="seed">Digest of seed 0: the same everywhere</span><code id="digest">${"·".repeat(64)}</code></p>
<div class="row"><button type="button" id="run">Train</button><span id="state" class="quiet" role="status">5 ms in every 100, in a worker.</span></div>
<noscript><p>The networks are trained by JavaScript, which is off.</p></noscript>
</section>
</div>
<section aria-labelledby="lines">
<h2 id="lines">The whole program</h2>
<div class="program">
<div>${code}</div>
<div><p class="quiet">It prints:</p>${output}</div>
</div>
</section>
<section aria-labelledby="why">
<h2 id="why">What it is for</h2>
<div class="points-of">${points}</div>
${audience}
<dl class="figures">${rows
        .map(([figure, what]) => `<div><dt>${escapeHtml(what)}</dt><dd>${escapeHtml(figure)}</dd></div>`)
        .join("")}</dl>
<p class="quiet">On one thread of an AMD EPYC in Node 24. PyTorch is ahead in large steps: one of 784-512-512-10 takes it ${slower} times as long. <a href="docs/performance/">How all this was measured</a>, and <a href="benchmark/">on your machine</a>.</p>
</section>
<section aria-labelledby="doors">
<h2 id="doors">Go on</h2>
<ul class="doors">${DOORS.map(([to, name, what]) => `<li><a href="${to}">${name}</a> ${escapeHtml(what)}</li>`).join("")}</ul>
</section>`,
    },
  ];
};
