/** The course: a list of lessons, a page for each with derivation and program, and the page in the frame that programs run in. */
import { lessons } from "../../../scripts/lessons.mjs";
import { withFormulas } from "../../builder/formulas.mjs";
import { highlight } from "../../builder/highlight.mjs";
import { renderMarkdown, slugOf } from "../../builder/markdown.mjs";
import { escapeHtml } from "../../builder/shell.mjs";
import { CELL_PAGE } from "./cell-page.mjs";

const page = { section: "course/", styles: ["text.css"], indexed: true };
const link = (to, text) => `<a href="${to}">${text}</a>`;

export default function course() {
  const all = lessons();
  /** Derivations by the anchor that their heading has in docs/course.md. */
  const topics = new Map(
    all.map(({ topic, heading, problem }) => [slugOf(problem ? `${heading} (${problem})` : heading), topic]),
  );
  const rewriteLink = (href) => {
    const topic = topics.get(href.slice(1));
    if (!href.startsWith("#") || !topic) throw new Error(`docs/course.md: no lesson has the address ${href}`);
    return `../${topic}/`;
  };
  const text = (markdown) => renderMarkdown(markdown, { rewriteLink, use: withFormulas }).html;
  const label = ({ title, problem }) => escapeHtml(problem ? `${title} (${problem})` : title);
  const neighbour = (lesson, rel, sign) =>
    lesson
      ? `<a class="${rel}" rel="${rel}" href="../${lesson.topic}/">${sign.replace("*", escapeHtml(lesson.heading))}</a>`
      : "";

  const lessonPage = (lesson, i) => ({
    ...page,
    path: `course/${lesson.topic}/`,
    title: lesson.heading,
    description: lesson.claim,
    script: "course/main.ts",
    body: `<p class="lesson-place">${link("../", "Course")}, lesson ${i + 1} of ${all.length}</p>
<article class="prose derivation">
<h1>${escapeHtml(lesson.heading)}</h1>
${text(lesson.derivation)}</article>
<section class="cell" aria-labelledby="program">
<h2 id="program">${label(lesson)}</h2>
<p>${escapeHtml(lesson.claim)}</p>
${lesson.uses ? text(`In wasmgrad: ${lesson.uses}.`).replace("<p>", '<p class="quiet">') : ""}
<div class="program">
<div class="code"><pre tabindex="0" role="group" aria-label="Program"><code>${highlight(lesson.code.trimEnd(), "ts")}</code></pre></div>
<p class="hint">Click into the program to change it. <kbd>Ctrl</kbd> <kbd>Enter</kbd> runs it; <kbd>Esc</kbd>, then <kbd>Tab</kbd> leaves the editor.</p>
<noscript><p>JavaScript is off: the program runs in Node, by <code>npm run lesson -- ${lesson.topic}</code> in a clone of the repository.</p></noscript>
<div class="row buttons"><button type="button" class="primary" id="run">Run</button><button type="button" id="stop" aria-disabled="true">Stop</button><button type="button" id="reset">Reset</button><p id="status" role="status"></p></div>
</div>
<div class="output" role="region" aria-label="Output"></div>
</section>
<nav class="neighbours" aria-label="Lessons">${neighbour(all[i - 1], "prev", "← *")}${neighbour(all[i + 1], "next", "* →")}</nav>`,
  });

  return [
    {
      ...page,
      path: "course/",
      title: "Course",
      description: `${all.length} lessons on neural networks, from the chain rule to sequences: each derived, and run in the page.`,
      script: "course/main.ts",
      body: `<div class="prose">
<h1>A course in ${all.length} lessons</h1>
<p>Each lesson derives a result, then computes it: a program of less than 80 lines that checks what it claims. It runs here, in your browser, and you can change it.</p>
<ol class="lessons">
${all.map((lesson) => `<li>${link(`${lesson.topic}/`, escapeHtml(lesson.heading))}<br><span class="quiet">${escapeHtml(lesson.title)}</span></li>`).join("\n")}
</ol>
<h2>For teachers</h2>
<p>A lesson can stand in a frame of your own page. <code>?embed</code> leaves out what is around it, <code>?hide=text,code,output,nav</code> those parts of it that you name:</p>
<pre tabindex="0"><code>&lt;iframe src=".../course/xor/?embed&amp;hide=text"&gt;&lt;/iframe&gt;</code></pre>
<p>In a clone of the repository, <code>npm run lesson</code> lists the same programs, and <code>npm run lesson -- xor</code> runs one in Node.</p>
</div>`,
    },
    ...all.map(lessonPage),
    CELL_PAGE,
  ];
}
