/**
 * Writes a module in the order, and with the words, that gzip makes most of in pages: texts of kernels, functions, the rest; and one
 * word for variables of functions. What runs when the module is loaded stays in its order: functions do not run then.
 */
import { parse } from "acorn";
import { full } from "acorn-walk";
import MagicString from "magic-string";

const KERNELS = ["UNPACK", "PREDICT", "TRAIN", "EXTENDED", "DEEP"];

const OPERATORS = {
  "<<": (a, b) => a << b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "-": (a, b) => a - b,
};

export function arrange(code) {
  const edited = new MagicString(code);
  const tree = parse(code, { ecmaVersion: "latest", sourceType: "module" });
  full(tree, (node) => {
    if (node.type === "VariableDeclaration" && node.kind === "const" && !tree.body.includes(node))
      edited.update(node.start, node.start + "const".length, "let");
  });
  // Minifiers keep an unused variable whose value they would have to compute.
  for (const { declarations = [] } of tree.body)
    for (const { init } of declarations)
      if (
        init?.type === "BinaryExpression" &&
        [init.left, init.right].every(({ value }) => typeof value === "number")
      )
        edited.update(init.start, init.end, `${OPERATORS[init.operator](init.left.value, init.right.value)}`);
  const groups = Array.from({ length: 4 }, () => []);
  for (const statement of tree.body) groups[groupOf(statement)].push(statement);
  const texts = groups.flat().map(({ start, end }) => edited.slice(start, end));
  return `${texts.join("\n")}\n`;
}

/** The exports, which name all others, come last. */
function groupOf({ type, declarations }) {
  if (type === "ExportNamedDeclaration") return 3;
  if (type === "FunctionDeclaration") return 1;
  if (type !== "VariableDeclaration") return 2;
  if (declarations.some(({ id }) => KERNELS.includes(id.name))) return 0;
  return declarations.every(({ init }) => /^(Arrow)?Function/.test(init?.type)) ? 1 : 2;
}
