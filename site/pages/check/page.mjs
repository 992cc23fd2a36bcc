/** Determinism: what it means, the check in this browser, and where it was checked before. */
import { readFileSync } from "node:fs";
import { renderMarkdown } from "../../builder/markdown.mjs";

const read = (path) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");

/** What stands between the marks of docs/determinism.md, as HTML. */
export function tableOfRuntimes(guide) {
  const [, table] =
    guide.match(/<!-- Written by `npm run test:determinism[^>]*-->\n([\s\S]*?)<!-- End of the table\. -->/) ??
    [];
  if (!table?.includes("| runtime |"))
    throw new Error("docs/determinism.md: has no table of runtimes between its marks");
  return renderMarkdown(table).html;
}

export default () => {
  const runs = Object.keys(JSON.parse(read("test/determinism/digests.json"))).length;
  return [
    {
      path: "check/",
      title: "Check this browser",
      description: `Run ${runs} named trainings in your browser and see that each gives the same bits as everywhere else.`,
      script: "check/main.ts",
      section: "check/",
      body: `<h1>The same bits everywhere</h1>
<p class="lead">The same version, model, seed and data give the same parameters to the last bit. That holds in every browser and in Node, on every operating system and CPU, with any number of threads.
To check it, this project keeps ${runs} named runs: every optimizer, loss, activation and kind of layer, also stopped, resumed and streamed. What each run comes to is summed up in a digest of 64 digits, so that a single changed bit shows.
You need not take our word for it: run them here. <a href="../docs/determinism/">How the bits stay the same</a></p>
<section aria-labelledby="here">
<h2 id="here">This browser</h2>
<noscript><p>The check needs JavaScript, which is off.</p></noscript>
<div class="panel check">
<div class="row"><button type="button" class="primary" id="start">Check this browser</button><button type="button" id="copy" hidden>Copy report</button></div>
<progress id="progress" max="${runs}" value="0" aria-label="Runs done"></progress>
<p id="status" role="status">${runs} runs, a second or two of one core. Nothing is sent anywhere.</p>
<div id="outcome"></div>
</div>
<details id="all" hidden>
<summary>All runs with their digests</summary>
<p><label><input type="checkbox" id="differing"> Only those that differ</label></p>
<p id="none" class="quiet" hidden>None differs.</p>
<table tabindex="0"><thead><tr><th scope="col">run</th><th scope="col">result</th><th scope="col">digest</th></tr></thead><tbody id="runs"></tbody></table>
</details>
</section>
<section aria-labelledby="elsewhere">
<h2 id="elsewhere">Where it was checked before</h2>
<p>The same runs, by <code>npm run test:determinism</code> in a clone of the repository.</p>
${tableOfRuntimes(read("docs/determinism.md"))}
</section>`,
    },
  ];
};
