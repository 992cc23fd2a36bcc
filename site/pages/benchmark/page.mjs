/** The suite of `wasmgrad bench` in the visitor's browser, beside other machines. */
export default [
  {
    path: "benchmark/",
    title: "Benchmark",
    description:
      "Time a fixed suite of trainings and predictions in your browser, and compare it with other machines.",
    script: "benchmark/main.ts",
    section: "benchmark/",
    body: `<h1>Benchmark</h1>
<p class="lead">A fixed suite of trainings, products and predictions, run in your browser on one core: the one that <code>npx wasmgrad bench</code> runs in Node.
Each time is the median of several rounds in turns, and each result is compared with the bits it has everywhere. It takes about ten seconds; leave this tab in front meanwhile.</p>
<noscript><p>The benchmark needs JavaScript, which is off. In Node, <code>npx wasmgrad bench</code> does the same.</p></noscript>
<div class="panel bench">
<div class="row"><button type="button" class="primary" id="start">Run the benchmark</button><button type="button" id="copy" hidden>Copy JSON</button></div>
<progress id="progress" max="1" value="0" aria-label="Progress"></progress>
<p id="status" role="status">Nothing is sent anywhere.</p>
<p id="verdict"></p>
</div>
<section aria-labelledby="compare">
<h2 id="compare">Compared</h2>
<div class="row"><label for="stored">With a stored result</label> <select id="stored"></select></div>
<p id="about" class="quiet"></p>
<details id="pasting"><summary>With a run of your own</summary>
<form id="paste">
<label for="pasted">JSON of another run: of this page's <b>Copy JSON</b>, or of <code>npx wasmgrad bench --json</code></label>
<textarea id="pasted" rows="5" spellcheck="false" autocomplete="off"></textarea>
<p id="problem" class="bad" role="alert"></p>
<div class="row"><button>Compare</button><button type="button" id="remove" hidden>Remove it</button></div>
</form></details>
<h3>Speed, longer is faster</h3>
<div id="bars"></div>
<h3>Times</h3>
<div class="wide" tabindex="0" role="group" aria-label="Table of times"><table id="times"></table></div>
</section>`,
  },
];
