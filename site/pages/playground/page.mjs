/** The playground: what stands before its script runs has the places and sizes of what the script makes, so that nothing moves. */
const panel = (name, title) => `<section class="panel ${name}"><h2>${title}</h2></section>`;

export default [
  {
    path: "playground/",
    title: "Playground",
    description:
      "Train a small neural network in this page, on toy data or your own table, and share a link that others can replay to the last bit.",
    section: "playground/",
    script: "playground/main.tsx",
    body: `<div id="playground">
<div class="head"><h1>Playground</h1><p class="quiet lead">Train a small network here, in this page. Every run has a link that others can replay to the last bit.</p></div>
<div class="bar"></div>
<div class="board">${panel("result", "Result")}${panel("data", "Data")}${panel("network", "Network")}</div>
</div>
<noscript><p class="bad">The playground needs JavaScript, which is off in this browser. The docs and the course can be read without it.</p></noscript>`,
  },
];
