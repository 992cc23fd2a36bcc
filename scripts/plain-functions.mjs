/**
 * Writes the package so that Next.js' minifier (SWC) drops what a page does not use, too. It drops what nothing reaches once,
 * before it joins neighbouring declarations into one, in which what is used keeps the rest. Two forms count as use there:
 *
 * - A call at the top of a file, also one that is marked as pure: it goes too late, and what it names stays. Functions that bring
 *   something along, `withOps(function conv2d() {}, [conv])`, become plain ones that are asked by a call (`broughtBy`).
 * - `{ name }` in an object: it becomes `{ name: name }`, which other minifiers shorten again.
 */
import { parse } from "acorn";
import { full } from "acorn-walk";
import MagicString from "magic-string";

const BRINGING = ["withOps", "withKind"];

export function plainFunctions(code) {
  const edited = new MagicString(code);
  const tree = parse(code, { ecmaVersion: "latest", sourceType: "module" });
  const names = new Set(
    tree.body
      .flatMap(({ declarations = [], id }) => [id, ...declarations.map((one) => one.id)])
      .map((id) => id?.name),
  );
  let calls = 0;
  full(tree, (node) => {
    if (node.type === "Property" && node.shorthand && names.has(node.value.name))
      edited.appendLeft(node.end, `: ${node.value.name}`);
    if (node.type !== "CallExpression" || !BRINGING.includes(node.callee.name)) return;
    const [make, brought] = node.arguments;
    if (make.type !== "FunctionExpression")
      throw new Error(`dist/core.js: ${node.callee.name} must be given a function; got ${make.type}`);
    const what = code.slice(brought.start, brought.end);
    const answer = node.callee.name === "withOps" ? `{ ops: ${what} }` : `{ ops: [], kind: ${what} }`;
    const mark = /\/\* @__PURE__ \*\/\s*$/.exec(code.slice(0, node.start))?.[0].length ?? 0;
    edited.remove(node.start - mark, make.start).remove(make.end, node.end);
    edited.appendLeft(make.body.start + 1, `\n  if (arguments[0] === BRINGS) return ${answer};`);
    calls++;
  });
  if (calls === 0) throw new Error("dist/core.js: calls of withOps must stand in esbuild's form; got none");
  return edited.toString();
}
