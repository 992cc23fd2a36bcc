/** Search of guides, reference and course. */
export default [
  {
    path: "search/",
    title: "Search",
    description: "Searches the guides, the reference and the course of wasmgrad.",
    script: "search/main.ts",
    body: `<h1>Search</h1>
<form class="row" id="search" action="./" method="get">
<label for="query">Words to find in guides, reference and course</label>
<input id="query" type="search" name="q" autocomplete="off" spellcheck="false" maxlength="200">
</form>
<noscript><p>Searching needs JavaScript. The <a href="../docs/">docs</a> and the <a href="../docs/api/">reference</a> do not.</p></noscript>
<p id="status" role="status" class="quiet"></p>
<ol id="results"></ol>
<button id="more" type="button" hidden>Show more</button>`,
  },
];
