/** Search of docs, reference and course. */
const form = `<form class="row" role="search" action="./" method="get">
<label for="query">Search the docs</label>
<input id="query" type="search" name="q" autocomplete="off" spellcheck="false" autofocus>
</form>`;

export default [
  {
    path: "search/",
    title: "Search",
    description: "Searches the guides, the reference and the course of wasmgrad.",
    body: `<h1>Search</h1>\n${form}\n<noscript><p>Searching needs JavaScript. The <a href="../docs/">list of guides</a> does not.</p></noscript>`,
  },
];
