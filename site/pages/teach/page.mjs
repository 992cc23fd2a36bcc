import { readFileSync } from "node:fs";
import { escapeHtml } from "../../builder/shell.mjs";

const source = readFileSync(new URL("teach.ts", import.meta.url), "utf8");

export default [
  {
    path: "teach/",
    title: "Teach it your shapes",
    description:
      "Draw two to five shapes of your own, five times each: a neural network learns them in your browser, and says what you draw next.",
    script: "teach/main.tsx",
    section: "teach/",
    body: `<h1>Teach it your shapes</h1>
<p class="prose">Draw a shape and say which one it is. After a few of each, a neural network knows them: it learns in this page, within the blink of an eye, and says what you draw next while you draw it. Nothing leaves your browser.</p>
<div id="teach"><noscript><p>This page learns with JavaScript, which is turned off here.</p></noscript></div>
<section class="prose" aria-labelledby="how">
<h2 id="how">How it learns</h2>
<p>A drawing becomes a small picture: 8 × 8 cells that say how much line runs through them, and which way. A network with one hidden layer learns these pictures, each also tilted and stretched a little. This is all of it, ${source.trim().split("\n").length} lines:</p>
<details><summary>The program that learns</summary>
<pre tabindex="0" aria-label="The program that learns"><code id="program">${escapeHtml(source)}</code></pre>
</details>
</section>`,
  },
];
