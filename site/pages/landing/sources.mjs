/** What the landing page says, taken from the README and from the guide on performance, so that it stands in one place. */
import { codeBlock } from "../../builder/highlight.mjs";
import { renderMarkdown } from "../../builder/markdown.mjs";

/** What a pattern finds, or an error that says where to look. */
function find(text, pattern, what) {
  const found = text.match(pattern);
  if (!found) throw new Error(`landing page: ${what}`);
  return found.slice(1);
}

/** `docs/training.md#notes` as the page from the top of the site. */
export const rewriteLink = (href) =>
  href.replace(/^docs\/([\w-]+)\.md/, "docs/$1/").replace(/^docs\/course\//, "course/");

/** @param {string} readme */
export function fromReadme(readme) {
  const [intro] = find(readme, /^# .*\n\n([^\n]+)\n/, "README.md must begin with a heading and a paragraph");
  const [install] = find(readme, /```sh\n(npm install [^\n]+)\n```/, "README.md has no line that installs");
  const [code, output] = find(
    readme,
    /\n```ts\n([\s\S]*?)```\n\n```text\n([\s\S]*?)```/,
    "README.md must have its first program and what it prints",
  );
  const [points] = find(readme, /\n((?:- \*\*[\s\S]*?))\n\n/, "README.md has no list of what it is");
  const [audience] = find(
    readme,
    /\n(It is for people[\s\S]*?)\n\n/,
    "README.md does not say whom it is for",
  );
  const html = (text) => renderMarkdown(text, { rewriteLink }).html;
  return {
    intro,
    install,
    code: codeBlock(code, "ts"),
    output: codeBlock(output),
    points: html(points),
    audience: html(audience),
  };
}

/**
 * Figures of the guide on performance, each with what it says, and where PyTorch is faster.
 *
 * @param {string} guide
 * @returns {{ rows: [figure: string, what: string][], slower: string }}
 */
export function figures(guide) {
  const row = (name, pattern) =>
    find(
      guide,
      new RegExp(`\n\\| ${name} \\| ${pattern}`),
      `docs/performance.md has no figure in the row "${name}"`,
    )[0];
  return {
    rows: [
      [
        row("XOR, `reset` and training to loss < 0\\.01", "([\\d.]+ ms) \\|"),
        "to train XOR from fresh weights",
      ],
      [row("XOR, cold, from import to trained", "([\\d.]+ ms)"), "from import to trained, cold"],
      [
        row("784-512-512-10, batch 128, a step", ".*?, (\\d+ %) of peak"),
        "of the CPU's peak in a large step",
      ],
      [
        `${row("a step of 784-128-10", ".*PyTorch ([\\d.]+) \\|")} times`,
        "as fast as PyTorch in a step of 784-128-10",
      ],
    ],
    slower: row("a step of 784-512-512-10", "PyTorch with OpenBLAS ([\\d.]+) times"),
  };
}
