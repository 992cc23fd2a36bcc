/** Markdown as HTML of pages: code in colours, headings with anchors, nothing inline that the content policy refuses. */
import MarkdownIt from "markdown-it";
import { codeBlock } from "./highlight.mjs";
import { escapeHtml } from "./shell.mjs";

/** What GitHub makes of a heading as its anchor, so that links in files work in both places. */
export const slugOf = (text) =>
  text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}\s_-]/gu, "")
    .trim()
    .replaceAll(/\s/g, "-");

/** The text of inline tokens, without their marks. */
const textOf = (tokens) =>
  tokens
    .map(({ type, content, children }) => {
      if (children) return textOf(children);
      return type === "text" || type === "code_inline" ? content : type === "softbreak" ? " " : "";
    })
    .join("");

/** What stands at the end of a heading: a link to it. */
export const anchorLink = (id, text) =>
  `<a class="to" href="#${escapeHtml(id)}" aria-label="${escapeHtml(`Link to “${text}”`)}"></a>`;

/** Columns that need more than a phone's width are scrolled within their own box. */
const WIDE_COLUMNS = 3;

function makeRenderer(html) {
  const markdown = new MarkdownIt({ html, linkify: !html, typographer: false });
  markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
  const { rules } = markdown.renderer;

  rules.fence = (tokens, i) => codeBlock(tokens[i].content, tokens[i].info.trim().split(/\s/)[0]);
  rules.code_block = (tokens, i) => codeBlock(tokens[i].content);

  rules.heading_open = (tokens, i, _options, env) => {
    const { tag, level } = tokens[i];
    const text = textOf(tokens[i + 1].children);
    const slug = slugOf(text);
    const seen = env.slugs.get(slug) ?? 0;
    env.slugs.set(slug, seen + 1);
    const id = seen ? `${slug}-${seen}` : slug;
    if (level === 0) env.headings.push({ depth: Number(tag[1]), text, id });
    return `<${tag} id="${escapeHtml(id)}">`;
  };
  rules.heading_close = (tokens, i, _options, env) => {
    const { tag, level } = tokens[i];
    if (level > 0 || tag === "h1") return `</${tag}>\n`;
    const { id, text } = env.headings.at(-1);
    return ` ${anchorLink(id, text)}</${tag}>\n`;
  };

  // A cell's alignment is a class, and a heading without text an empty cell.
  const isEmptyHeading = ({ tag }, { content }) => tag === "th" && content === "";
  for (const name of ["th_open", "td_open"])
    rules[name] = (tokens, i) => {
      const style = tokens[i].attrGet("style");
      const tag = isEmptyHeading(tokens[i], tokens[i + 1]) ? "td" : tokens[i].tag;
      return `<${tag}${style ? ` class="${style.split(":")[1].trim()}"` : ""}>`;
    };
  rules.th_close = (tokens, i) => (isEmptyHeading(tokens[i], tokens[i - 1]) ? "</td>\n" : "</th>\n");
  rules.table_open = (tokens, i) => {
    let columns = 0;
    for (let at = i; tokens[at].type !== "tr_close"; at++)
      if (/^t[hd]_open$/.test(tokens[at].type)) columns++;
    return columns >= WIDE_COLUMNS
      ? '<div class="wide" tabindex="0" role="group" aria-label="Table">\n<table>\n'
      : "<div>\n<table>\n";
  };
  rules.table_close = () => "</table>\n</div>\n";

  // A table written as tags holds pairs of code.
  rules.html_block = (tokens, i) => tokens[i].content.replace("<table>", '<table class="pairs">');

  // `| | |` is a table without a heading.
  markdown.core.ruler.push("tables without a heading", ({ tokens }) => {
    for (let i = tokens.length - 1; i >= 0; i--) {
      if (tokens[i].type !== "thead_open") continue;
      const length = tokens.slice(i).findIndex(({ type }) => type === "thead_close") + 1;
      const head = tokens.slice(i, i + length);
      if (head.every(({ type, content }) => type !== "inline" || content === "")) tokens.splice(i, length);
    }
  });

  markdown.core.ruler.push("links", ({ tokens, env }) => {
    for (const { children } of tokens) {
      if (!children) continue;
      const dropped = [];
      for (const token of children) {
        if (token.type === "code_inline" && dropped.length === 0)
          token.meta = { to: env.linkCode?.(token.content) };
        else if (token.type === "link_open") {
          const to = env.rewriteLink(token.attrGet("href"));
          dropped.push(to === null);
          if (to === null) token.hidden = true;
          else token.attrSet("href", to);
        } else if (token.type === "link_close" && dropped.pop()) token.hidden = true;
      }
    }
  });
  const drawn = (name) => {
    rules[name] = (tokens, i, options, _env, self) =>
      tokens[i].hidden ? "" : self.renderToken(tokens, i, options);
  };
  for (const name of ["link_open", "link_close"]) drawn(name);
  rules.code_inline = (tokens, i) => {
    const code = `<code>${escapeHtml(tokens[i].content)}</code>`;
    const to = tokens[i].meta?.to;
    return to ? `<a href="${escapeHtml(to)}">${code}</a>` : code;
  };
  return markdown;
}

const renderers = new Map();

/**
 * @param {string} text
 * @param {object} [options]
 * @param {(href: string) => string | null} [options.rewriteLink]  the address for a link; null leaves its text alone
 * @param {boolean} [options.html]  whether tags in the text are tags; default true. Where not, addresses become links
 * @param {(code: string) => string | undefined} [options.linkCode]  the address for a piece of code in the text
 * @param {(markdown: MarkdownIt) => void} [options.use]  adds rules, such as formulas; the same function each time
 * @returns {{ html: string, headings: { depth: number, text: string, id: string }[] }}
 */
export function renderMarkdown(text, { rewriteLink = (href) => href, linkCode, html = true, use } = {}) {
  const key = use ?? html;
  let markdown = renderers.get(key);
  if (!markdown) {
    markdown = makeRenderer(html);
    use?.(markdown);
    renderers.set(key, markdown);
  }
  const env = { rewriteLink, linkCode, slugs: new Map(), headings: [] };
  return { html: markdown.render(text, env), headings: env.headings };
}
