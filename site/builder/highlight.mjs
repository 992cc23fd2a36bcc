/**
 * Code as HTML whose colours are classes, since the content policy allows no `style`: a theme of marker colours, one for each
 * class, tells which token is what. `public/text.css` gives the classes their colours.
 */
import { createHighlighterCoreSync } from "shiki/core";
import { createJavaScriptRegexEngine } from "shiki/engine/javascript";
import html from "shiki/langs/html.mjs";
import json from "shiki/langs/json.mjs";
import python from "shiki/langs/python.mjs";
import shell from "shiki/langs/shellscript.mjs";
import tsx from "shiki/langs/tsx.mjs";

/** Text between tags, where quotes may stand as they are. */
const escapeText = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Scopes of grammars by class: keyword, string, comment, number and other constants, function, type. */
const CLASSES = {
  k: ["keyword", "storage", "entity.name.tag", "variable.language"],
  s: [
    "string",
    "punctuation.definition.string",
    "meta.template.expression punctuation.definition.template-expression",
  ],
  c: ["comment", "punctuation.definition.comment"],
  n: ["constant", "support.constant"],
  f: ["entity.name.function", "support.function"],
  t: [
    "entity.name.type",
    "support.type.primitive",
    "support.type.builtin",
    "entity.other.inherited-class",
    "support.class",
  ],
  "": [
    "keyword.operator",
    "punctuation",
    "storage.type.function.arrow",
    "meta.template.expression",
    "string variable",
    "string.unquoted.argument",
  ],
};
const names = Object.keys(CLASSES);
const marker = (i) => `#00000${i + 1}`;
const PLAIN = "#ffffff";

const theme = {
  name: "classes",
  type: "light",
  fg: PLAIN,
  bg: "#000000",
  settings: [
    { settings: { foreground: PLAIN, background: "#000000" } },
    ...names.map((name, i) => ({
      scope: CLASSES[name],
      settings: { foreground: name === "" ? PLAIN : marker(i) },
    })),
  ],
};

const highlighter = createHighlighterCoreSync({
  themes: [theme],
  langs: [tsx, python, shell, html, json],
  engine: createJavaScriptRegexEngine(),
});

/** Grammars by what stands after the fence. */
const GRAMMARS = {
  ts: "tsx",
  js: "tsx",
  tsx: "tsx",
  jsx: "tsx",
  py: "python",
  sh: "shellscript",
  html: "html",
  json: "json",
};

/** Languages that `highlight` knows, and "text". */
export const LANGUAGES = [...Object.keys(GRAMMARS), "text"];

/**
 * The inside of a `<code>`. Text of no known language, or of `text`, is only escaped.
 *
 * @param {string} code
 * @param {string} [language]  one of LANGUAGES
 */
export function highlight(code, language = "text") {
  const lang = GRAMMARS[language];
  if (!lang) return escapeText(code);
  // No limit of time: what is coloured must not depend on how busy the machine is.
  const { tokens } = highlighter.codeToTokens(code, { lang, theme: "classes", tokenizeTimeLimit: 0 });
  return tokens.map(lineOf).join("\n");
}

/** Neighbours of one class are one element; white space joins what stands before it. */
function lineOf(tokens) {
  const runs = [];
  for (const { content, color } of tokens) {
    const at = names.findIndex((_, i) => marker(i) === color?.toLowerCase());
    const name = at < 0 ? "" : names[at];
    const last = runs.at(-1);
    if (last && (last.name === name || content.trim() === "")) last.text += content;
    else runs.push({ name, text: content });
  }
  return runs
    .map(({ name, text }) => (name ? `<span class="${name}">${escapeText(text)}</span>` : escapeText(text)))
    .join("");
}

/** A whole block. One that may be wider than its page can be scrolled by keyboard. */
export function codeBlock(code, language) {
  const text = code.replace(/\n$/, "");
  const isWide = text.split("\n").some((line) => line.length > 38);
  return `<pre${isWide ? ' tabindex="0"' : ""}><code>${highlight(text, language)}</code></pre>\n`;
}
