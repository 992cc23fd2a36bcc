/** Comments of the sources as HTML. */
import { renderMarkdown } from "../markdown.mjs";

const textOf = (parts = []) => parts.map(({ text }) => text).join("");

/** @returns {string} Markdown of the summary, or of the first tag of that name */
export const textOfTag = (comment, tag, name) =>
  textOf(
    comment?.blockTags?.find((one) => one.tag === tag && (name === undefined || one.name === name))?.content,
  ).trim();
export const textsOfTags = (comment, tag) =>
  (comment?.blockTags ?? []).filter((one) => one.tag === tag).map(({ content }) => textOf(content).trim());
export const summaryOf = (comment) => textOf(comment?.summary).trim();

/** The first sentence of a summary, for lists. */
export const firstSentence = (comment) => {
  const [paragraph] = summaryOf(comment).split("\n\n");
  const text = paragraph.replaceAll(/\s+/g, " ");
  return /^(?:`[^`]*`|[^`])*?[.:](?= [A-Z`]|$)/.exec(text)?.[0].replace(/:$/, ".") ?? text;
};

/**
 * Writes comments for one page.
 *
 * @param {(name: string) => string | undefined} addressOf  of an export, by name
 * @param {(name: string) => boolean} isAmbiguous  whether a word in code may mean something else than the export
 * @param {(name: string) => string} guideAt  address of a guide; comments name it by its file
 */
export function commentWriter(addressOf, isAmbiguous, guideAt) {
  const linkCode = (code) => {
    const [, name, call] = /^([\w$]+)(\(\))?$/.exec(code) ?? [];
    return name && (call || !isAmbiguous(name)) ? addressOf(name) : undefined;
  };
  const rewriteLink = (href) => {
    const [, kind, name] = /^(export|guide):(.*)$/.exec(href) ?? [];
    if (!kind) return href;
    return kind === "export" ? addressOf(name) : guideAt(name);
  };
  const render = (text) => {
    const withGuides = text.replaceAll(/\bdocs\/([\w-]+)\.md\b/g, "[$&](guide:$1)");
    return renderMarkdown(withGuides, { html: false, rewriteLink, linkCode }).html;
  };
  /** Names of error classes are links. */
  const errors = (text) =>
    text.replaceAll(/(`[^`]*`)|\b([A-Z]\w*Error)\b/g, (all, code, name) =>
      !code && addressOf(name) ? `[${name}](export:${name})` : all,
    );
  return {
    render,
    /** One paragraph without its tags. */
    line: (text) => render(text).replace(/^<p>([\s\S]*)<\/p>\n$/, "$1"),
    throws: (text) => render(errors(text)).replace(/^<p>([\s\S]*)<\/p>\n$/, "$1"),
  };
}
