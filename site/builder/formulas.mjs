/**
 * Formulas in Markdown, as GitHub writes them: `$..$` within a line, `$$..$$` as a paragraph of its own. They become MathML when the
 * site is built, so that pages need no script and no font for them.
 */
import temml from "temml";

/** Characters of a formula from which on it may be wider than a phone, and so must be scrolled by keyboard. */
const WIDE = 24;

/**
 * A formula as MathML. What Temml writes for browsers of old, styles and classes, is left out: the content policy refuses the
 * former, and no style sheet knows the latter.
 *
 * @param {string} latex
 * @param {boolean} [display]  whether it stands by itself
 * @throws Error for LaTeX that Temml cannot read
 */
export function formula(latex, display = false) {
  const text = temml.renderToString(latex, { displayMode: display, throwOnError: true });
  return text.replaceAll(/ (?:style|class)="[^"]*"/g, "");
}

/** Rules for `renderMarkdown`'s option `use`. @param {import("markdown-it").default} markdown */
export function withFormulas(markdown) {
  markdown.inline.ruler.before("escape", "formula", (state, silent) => {
    const [, latex] = /^\$(?![\s$])((?:\\.|[^$\\])*?[^\s\\])\$(?!\d)/.exec(state.src.slice(state.pos)) ?? [];
    if (latex === undefined) return false;
    if (!silent) state.push("formula", "", 0).content = latex;
    state.pos += latex.length + 2;
    return true;
  });
  markdown.block.ruler.before(
    "paragraph",
    "formula",
    (state, first, last, silent) => {
      const line = (i) => state.src.slice(state.bMarks[i] + state.tShift[i], state.eMarks[i]);
      if (!line(first).startsWith("$$")) return false;
      let end = first;
      while (end < last && !(line(end).endsWith("$$") && (end > first || line(end).length > 4))) end++;
      if (end === last) return false;
      if (silent) return true;
      const token = state.push("formula_block", "", 0);
      token.content = state
        .getLines(first, end + 1, 0, false)
        .trim()
        .slice(2, -2);
      state.line = end + 1;
      return true;
    },
    { alt: ["paragraph"] },
  );
  markdown.renderer.rules.formula = (tokens, i) => formula(tokens[i].content);
  markdown.renderer.rules.formula_block = (tokens, i) => {
    const math = formula(tokens[i].content, true);
    const isWide = math.replaceAll(/<[^>]*>/g, "").length > WIDE;
    const scrolled = isWide ? ` tabindex="0" role="group" aria-label="Formula"` : "";
    return `<div class="formula"${scrolled}>${math}</div>\n`;
  };
}
