/** One export as HTML: how it is written, what it does, its parameters, members, errors and examples. */
import { codeBlock } from "../highlight.mjs";
import { anchorLink } from "../markdown.mjs";
import { escapeHtml } from "../shell.mjs";
import { callableOf } from "./callable.mjs";
import { summaryOf, textOfTag, textsOfTags } from "./comments.mjs";
import { KIND } from "./places.mjs";
import { aliasHtml, memberHtml, signatureHtml, typeHtml, typeParametersHtml, widthOf } from "./types.mjs";

const keyword = (text) => `<span class="k">${text}</span>`;
const block = (html) =>
  `<pre${html.split("\n").some((line) => widthOf(line) > 38) ? ' tabindex="0"' : ""}><code>${html}</code></pre>\n`;
/** Signatures under each other, apart where they take several lines. */
const written = (signatures) =>
  block(signatures.join(signatures.some((one) => one.includes("\n")) ? "\n\n" : "\n"));
/** The anchor of a member; `[dispose]` is another one than `dispose`. */
const anchorOf = (name) => name.replace("[", "symbol-").replaceAll(/[^\w.$-]/g, "");

/** What stands before the anchors of members where the declaration is a section of another page. */
const prefixAt = ({ name }, level) => (level === 1 ? "" : `${name}.`);

/** Members that users see: what Vue asks for is none. */
const isShown = ({ name, flags }) => !name.startsWith("__") && !flags?.isExternal && name !== "constructor";

/**
 * @param {object} context
 * @param {Map<number, object>} context.byId
 * @param {import("./types.mjs").Names} context.names
 * @param {ReturnType<import("./comments.mjs").commentWriter>} context.write
 * @param {(id: number) => string | undefined} context.addressOf
 * @param {(id: number) => boolean} context.isHere  whether an export has its place on this page
 */
export function declarationWriter({ byId, names, write, addressOf, isHere }) {
  /** Types that the page has already: where they are used, or in a section of their own. */
  const placed = new Set();

  function exampleOf(comment) {
    return textsOfTags(comment, "@example")
      .map((text) => {
        const [, fenced] = /^```ts\n([\s\S]*?)```$/m.exec(text) ?? [];
        return codeBlock(fenced ?? text, "ts");
      })
      .join("");
  }

  /** Errors and further reading. */
  function tail(comment) {
    const thrown = textsOfTags(comment, "@throws").map(
      (text) => `<p><b>Throws</b> ${write.throws(text)}</p>\n`,
    );
    const seen = textsOfTags(comment, "@see").map((text) => `<p><b>See</b> ${write.line(text)}</p>\n`);
    return [...thrown, ...seen].join("");
  }

  const described = (comment) => (comment ? write.render(summaryOf(comment)) : "");

  /** Properties as a list of terms: name and type, then what they are. */
  function properties(members, { prefix, id: place } = {}) {
    if (members.length === 0) return "";
    const items = members.map((member) => {
      const accessor = member.getSignature ?? member.setSignature;
      const type = member.type ?? member.getSignature?.type ?? member.setSignature.parameters[0].type;
      const comment = member.comment ?? accessor?.comment ?? type.declaration?.signatures?.[0].comment;
      const id = prefix === undefined ? "" : ` id="${anchorOf(prefix + member.name)}"`;
      const text = `${described(comment)}${tail(comment)}${exampleOf(comment)}`;
      return `<dt${id}><code>${memberHtml({ ...member, type }, names)}</code></dt><dd>${text.replace(/^<p>(.*?)<\/p>\n$/s, "$1")}</dd>\n`;
    });
    return `<dl class="members"${place ? ` id="${place}"` : ""}>\n${items.join("")}</dl>\n`;
  }

  /** Members that are called, each with a heading. */
  const methods = (members, level, prefix) =>
    members
      .map((member) => {
        const forms = member.signatures.map((signature) => signatureHtml(member.name, signature, names));
        const [signature] = member.signatures;
        const comment = signature.comment ?? member.comment;
        const id = anchorOf(prefix + member.name);
        return `<h${level} id="${id}">${escapeHtml(member.name)} ${anchorLink(id, member.name)}</h${level}>\n${written(forms)}${described(comment)}${exampleOf(comment)}${parameters(member.signatures, comment, names)}${tail(comment)}`;
      })
      .join("");

  /** Members of an object type, with those it has from others as links. Their anchors have the prefix. */
  function membersOf(declaration, level, prefix) {
    const shown = (declaration.children ?? []).filter(isShown);
    const isPlain = shown.every(({ signatures }) => !signatures);
    const own = isPlain ? shown : shown.filter(({ inheritedFrom }) => !inheritedFrom);
    const inherited = isPlain ? [] : shown.filter(({ inheritedFrom }) => inheritedFrom);
    const values = own.filter(({ signatures }) => !signatures);
    const called = own.filter(({ signatures }) => signatures);
    const heading = (text) => `<h${level}>${text}</h${level}>\n`;
    const parts = [];
    if (values.length > 0)
      parts.push((called.length > 0 ? heading("Properties") : "") + properties(values, { prefix }));
    if (called.length > 0)
      parts.push(
        (values.length > 0 ? heading("Methods") : "") + methods(called, Math.min(level + 1, 6), prefix),
      );
    if (inherited.length > 0) {
      const links = inherited.map(({ name, inheritedFrom }) => {
        const parent = declaration.extendedTypes?.find(({ name: of }) =>
          inheritedFrom.name.startsWith(`${of}.`),
        );
        const to = parent && addressOf(parent.target);
        const code = `<code>${escapeHtml(name)}</code>`;
        const anchor = `${to?.includes("#") ? "." : "#"}${anchorOf(name)}`;
        return to ? `<a href="${to}${anchor}">${code}</a>` : code;
      });
      const parents = (declaration.extendedTypes ?? []).map((type) => typeHtml(type, names)).join(", ");
      parts.push(`${heading(`From ${parents}`)}<p>${links.join(", ")}</p>\n`);
    }
    return parts.join("");
  }

  /** Options of a function that are an object type: its members, so that nobody has to follow the link. */
  function optionsOf(type, own) {
    const given = type.refersToTypeParameter ? own.given?.get(type.target) : undefined;
    const target = byId.get((given ?? type).target);
    if (target?.kind !== KIND.interface || target.signatures) return "";
    const members = (target.children ?? []).filter(isShown);
    if (members.length === 0 || members.some(({ signatures }) => signatures)) return "";
    const isPlace = isHere(target.id) && !placed.has(target.id);
    if (isPlace) placed.add(target.id);
    return properties(members, { id: isPlace ? target.name : undefined });
  }

  /** What the parameters of all forms of a function are; those that forms share, once. */
  function parameters(signatures, comment, own) {
    const items = new Map();
    for (const { parameters: listed = [], comment: said = comment } of signatures)
      for (const parameter of listed) {
        const name = parameter.name === "__namedParameters" ? "options" : parameter.name;
        if (items.has(name)) continue;
        const text = summaryOf(parameter.comment) || textOfTag(said, "@param", name);
        const options = /options$/i.test(name) ? optionsOf(parameter.type, own) : "";
        if (text || options)
          items.set(
            name,
            `<dt><code>${memberHtml({ ...parameter, name }, own)}</code></dt><dd>${text ? write.line(text) : ""}${options}</dd>\n`,
          );
      }
    const list = Array.from(items.values()).join("");
    const returned = textOfTag(comment, "@returns");
    return `${list ? `<dl class="members">\n${list}</dl>\n` : ""}${returned ? `<p><b>Returns</b> ${write.line(returned)}</p>\n` : ""}`;
  }

  function callable(declaration, level) {
    const called =
      declaration.kind === KIND.function
        ? { signatures: declaration.signatures, given: new Map(), also: [] }
        : callableOf(declaration.type, byId);
    if (!called) {
      const { name, type, comment } = declaration;
      return `${block(`${keyword("const")} ${name}: ${typeHtml(type, names)}`)}${described(comment)}${exampleOf(comment)}${tail(comment)}`;
    }
    const own = { ...names, given: called.given };
    const comment = declaration.comment ?? called.signatures.find((signature) => signature.comment)?.comment;
    const forms = called.signatures.map((signature) => signatureHtml(declaration.name, signature, own));
    const also = called.also.map((type) => typeHtml(type, names));
    return [
      written(forms),
      described(comment),
      exampleOf(comment),
      parameters(called.signatures, comment, own),
      tail(comment),
      also.length > 0
        ? `<p class="quiet">Its type: ${also.map((html) => `<code>${html}</code>`).join(", ")}.</p>\n`
        : "",
      called.declaration?.children
        ? membersOf(called.declaration, level + 1, prefixAt(declaration, level))
        : "",
    ].join("");
  }

  function alias(declaration, level) {
    const { type, comment } = declaration;
    const isObject = type.type === "reflection" && type.declaration.children;
    const written = isObject
      ? `${keyword("type")} ${declaration.name}${typeParametersHtml(declaration.typeParameters, names)}`
      : aliasHtml(declaration, names);
    const signature = type.declaration?.signatures?.[0];
    const text = comment ?? signature?.comment;
    return `${block(written)}${described(text)}${exampleOf(text)}${signature ? parameters([signature], text, names) : ""}${isObject ? membersOf(type.declaration, level + 1, prefixAt(declaration, level)) : ""}${tail(text)}`;
  }

  function objectType(declaration, level) {
    const {
      name,
      kind,
      typeParameters,
      extendedTypes,
      comment,
      signatures = [],
      children = [],
    } = declaration;
    const word = kind === KIND.class ? "class" : "interface";
    const parents = (extendedTypes ?? []).map((type) => typeHtml(type, names));
    const extended = parents.length > 0 ? ` ${keyword("extends")} ${parents.join(", ")}` : "";
    const head = `${keyword(word)} ${name}${typeParametersHtml(typeParameters, names)}${extended}`;
    const made = children.filter(({ kind: of }) => of === 512).flatMap((one) => one.signatures ?? []);
    const forms = [
      head,
      ...made.map((signature) => `${keyword("new")} ${signatureHtml(name, signature, names)}`),
      ...signatures.map((signature) => signatureHtml("", signature, names)),
    ];
    return `${written(forms)}${described(comment)}${exampleOf(comment)}${parameters(signatures, comment ?? signatures[0]?.comment, names)}${tail(comment)}${membersOf(declaration, level + 1, prefixAt(declaration, level))}`;
  }

  /** @param {number} level  of the heading that the declaration stands under */
  const declaration = (one, level) => {
    if (one.kind === KIND.function || one.kind === KIND.variable) return callable(one, level);
    return one.kind === KIND.alias ? alias(one, level) : objectType(one, level);
  };
  return { declaration, placed };
}
