/** Types as TypeScript writes them, as HTML: names of the package are links, the rest has the classes of code. */
import { escapeHtml } from "../shell.mjs";

/**
 * How names are written.
 *
 * @typedef {object} Names
 * @property {(id: number, name: string) => string} link  HTML of a name of the package
 * @property {Map<number, object>} [given]  types that stand for type parameters, by id
 */

const coloured = (name, text) => `<span class="${name}">${escapeHtml(text)}</span>`;
const keyword = (text) => coloured("k", text);

/** Kinds of types that need parentheses within a type that binds closer. */
const LOOSE = {
  array: ["union", "intersection", "function", "typeOperator", "conditional", "inferred"],
  union: ["function", "conditional"],
  intersection: ["union", "function", "conditional"],
  check: ["function", "conditional"],
};

const isFunction = (type) =>
  type.type === "reflection" && type.declaration.signatures?.length === 1 && !type.declaration.children;

/** A type within another one, in parentheses where it needs them. */
function inner(type, names, outer) {
  const given = type.refersToTypeParameter && names.given?.get(type.target);
  if (given) return inner(given, names, outer);
  const kind = isFunction(type) ? "function" : type.type;
  const html = typeHtml(type, names);
  return LOOSE[outer].includes(kind) ? `(${html})` : html;
}

function literal({ value }) {
  if (value === null) return keyword("null");
  if (typeof value === "string") return coloured("s", JSON.stringify(value));
  return coloured("n", typeof value === "object" ? `${value.negative ? "-" : ""}${value.value}n` : value);
}

/** `readonly name?: type`, as a property or a parameter has it. */
export function memberHtml({ name, flags = {}, type, defaultValue }, names) {
  const isOptional = flags.isOptional || defaultValue !== undefined;
  const rest = flags.isRest ? "..." : "";
  const written = /^[\w$]+$|^\[/.test(name) ? name : JSON.stringify(name);
  return `${rest}${escapeHtml(written)}${isOptional ? "?" : ""}: ${typeHtml(type, names)}`;
}

const parametersHtml = ({ parameters = [] }, names) =>
  parameters.map((parameter) =>
    memberHtml({ ...parameter, name: parameter.name.replace(/^__namedParameters$/, "options") }, names),
  );

export const typeParametersHtml = (parameters, names) =>
  parameters?.length
    ? `&lt;${parameters
        .map((parameter) => {
          const { name, type, default: other } = parameter;
          const extended = type ? ` ${keyword("extends")} ${typeHtml(type, names)}` : "";
          return `${parameter.flags?.isConst ? `${keyword("const")} ` : ""}${name}${extended}${other ? ` = ${typeHtml(other, names)}` : ""}`;
        })
        .join(", ")}&gt;`
    : "";

/** The width of HTML in characters. */
export const widthOf = (html) => html.replaceAll(/<[^>]*>/g, "").replaceAll(/&\w+;/g, "x").length;

/** Columns that a line of a signature may take before it is broken. */
const COLUMNS = 76;

/** `name<T>(a: A, b?: B): R`, with a line for each parameter where one line is too long. */
export function signatureHtml(name, signature, names, arrow = ": ") {
  const before = name + typeParametersHtml(signature.typeParameters ?? signature.typeParameter, names);
  const parameters = parametersHtml(signature, names);
  const result = `${arrow}${typeHtml(signature.type, names)}`;
  const line = `${before}(${parameters.join(", ")})${result}`;
  if (widthOf(line) <= COLUMNS || parameters.length === 0 || name === "") return line;
  return `${before}(\n${parameters.map((parameter) => `  ${parameter},\n`).join("")})${result}`;
}

/** The members of an object type, as in a type literal. */
function literalMembers(declaration, names) {
  const { children = [], signatures = [], indexSignatures = [] } = declaration;
  return [
    ...signatures.map((signature) => signatureHtml("", signature, names)),
    ...indexSignatures.map(
      ({ parameters, type }) => `[${memberHtml(parameters[0], names)}]: ${typeHtml(type, names)}`,
    ),
    ...children.map((child) => {
      const readonly = child.flags?.isReadonly ? `${keyword("readonly")} ` : "";
      if (child.signatures) return signatureHtml(child.name, child.signatures[0], names);
      const type = child.type ?? child.getSignature?.type ?? child.setSignature.parameters[0].type;
      return readonly + memberHtml({ ...child, type }, names);
    }),
  ];
}

const WRITERS = {
  reference({ name, target, typeArguments, refersToTypeParameter }, names) {
    const given = refersToTypeParameter && names.given?.get(target);
    if (given) return typeHtml(given, names);
    const written =
      typeof target === "number" && !refersToTypeParameter ? names.link(target, name) : coloured("t", name);
    if (!typeArguments?.length) return written;
    return `${written}&lt;${typeArguments.map((argument) => typeHtml(argument, names)).join(", ")}&gt;`;
  },
  intrinsic: ({ name }) => coloured("t", name),
  literal,
  union: ({ types }, names) => types.map((type) => inner(type, names, "union")).join(" | "),
  intersection: ({ types }, names) => types.map((type) => inner(type, names, "intersection")).join(" &amp; "),
  array: ({ elementType }, names) => `${inner(elementType, names, "array")}[]`,
  tuple: ({ elements = [] }, names) => `[${elements.map((element) => typeHtml(element, names)).join(", ")}]`,
  namedTupleMember: ({ name, isOptional, element }, names) =>
    `${name}${isOptional ? "?" : ""}: ${typeHtml(element, names)}`,
  rest: ({ elementType }, names) => `...${typeHtml(elementType, names)}`,
  optional: ({ elementType }, names) => `${inner(elementType, names, "array")}?`,
  typeOperator: ({ operator, target }, names) =>
    `${keyword(operator)} ${inner(target, names, "intersection")}`,
  indexedAccess: ({ objectType, indexType }, names) =>
    `${inner(objectType, names, "array")}[${typeHtml(indexType, names)}]`,
  inferred: ({ name, constraint }, names) =>
    `${keyword("infer")} ${name}${constraint ? ` ${keyword("extends")} ${typeHtml(constraint, names)}` : ""}`,
  conditional: ({ checkType, extendsType, trueType, falseType }, names) =>
    `${inner(checkType, names, "check")} ${keyword("extends")} ${inner(extendsType, names, "check")} ? ${typeHtml(trueType, names)} : ${typeHtml(falseType, names)}`,
  mapped({ parameter, parameterType, templateType, readonlyModifier, optionalModifier, nameType }, names) {
    const readonly = readonlyModifier ? `${readonlyModifier === "-" ? "-" : ""}${keyword("readonly")} ` : "";
    const renamed = nameType ? ` ${keyword("as")} ${typeHtml(nameType, names)}` : "";
    const optional = optionalModifier ? (optionalModifier === "-" ? "-?" : "?") : "";
    return `{ ${readonly}[${parameter} ${keyword("in")} ${typeHtml(parameterType, names)}${renamed}]${optional}: ${typeHtml(templateType, names)} }`;
  },
  reflection({ declaration }, names) {
    if (isFunction({ type: "reflection", declaration }))
      return signatureHtml("", declaration.signatures[0], names, " =&gt; ");
    const members = literalMembers(declaration, names);
    return members.length > 0 ? `{ ${members.join("; ")} }` : "{}";
  },
  predicate: ({ name, asserts, targetType }, names) =>
    `${asserts ? `${keyword("asserts")} ` : ""}${name}${targetType ? ` ${keyword("is")} ${typeHtml(targetType, names)}` : ""}`,
  query: ({ queryType }, names) => `${keyword("typeof")} ${typeHtml(queryType, names)}`,
  unknown: ({ name }) => escapeHtml(name),
};

/**
 * @param {object} type  as typedoc writes it
 * @param {Names} names
 */
export function typeHtml(type, names) {
  const write = WRITERS[type.type];
  if (!write) throw new Error(`the reference: no way to write a type of kind ${JSON.stringify(type.type)}`);
  return write(type, names);
}

/** A type alias: alternatives that are too long for a line have one each. */
export function aliasHtml({ name, type, typeParameters }, names) {
  const before = `${keyword("type")} ${name}${typeParametersHtml(typeParameters, names)} =`;
  const line = `${before} ${typeHtml(type, names)}`;
  if (widthOf(line) <= COLUMNS) return line;
  if (type.type === "union")
    return `${before}${type.types.map((one) => `\n  | ${inner(one, names, "union")}`).join("")}`;
  if (type.type === "reflection" && !isFunction(type))
    return `${before} {\n${literalMembers(type.declaration, names)
      .map((member) => `  ${member};\n`)
      .join("")}}`;
  return `${before}\n  ${typeHtml(type, names)}`;
}
