import { readdirSync, readFileSync } from "node:fs";
import { codeBlock } from "../../builder/highlight.mjs";

const read = (name) => readFileSync(new URL(name, import.meta.url), "utf8");
const linesOf = (text) => text.trim().split("\n").length;
const source = read("teach.ts");
const others = readdirSync(new URL(".", import.meta.url)).filter(
  (name) => /\.tsx?$/.test(name) && name !== "teach.ts",
);
const otherLines = others.reduce((sum, name) => sum + linesOf(read(name)), 0);

export default [
  {
    path: "teach/",
    title: "Teach it your shapes",
    description:
      "Draw two to five shapes of your own, five times each: a neural network learns them in your browser, and says what you draw next.",
    script: "teach/main.tsx",
    styles: ["text.css"],
    section: "teach/",
    body: `<h1>Teach it your shapes</h1>
<p class="prose">Draw a shape and say which one it is. After a few of each, a neural network knows them: it learns in this page, in the blink of an eye, and says what you draw next while you draw it. Nothing leaves your browser.</p>
<div id="teach"><noscript><p>This page learns with JavaScript, which is turned off here.</p></noscript></div>
<section class="prose" aria-labelledby="how">
<h2 id="how">How it learns</h2>
<p>A drawing becomes a small picture: 8 × 8 cells that say how much line runs through them, and which way. A network with one hidden layer learns these pictures, each also tilted and stretched a little. That is all, in ${linesOf(source)} lines with what explains them. The ${otherLines} others of this page show it, draw the ready-made shapes and keep what you taught.</p>
<details id="program"><summary>The program that learns</summary>
${codeBlock(source, "ts")}</details>
</section>`,
  },
];
