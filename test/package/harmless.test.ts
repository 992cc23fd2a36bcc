/** What pages with a policy and other people's code ask of every script of the package: nothing made from text, nothing global. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Node, parse } from "acorn";
import { ancestor } from "acorn-walk";
import { describe, expect, it } from "vitest";

const dist = fileURLToPath(new URL("../../dist/", import.meta.url));
/** All but the command, which nobody imports. */
const scripts = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((name) =>
  /^(?!cli\b).*\.c?js$/.test(name),
);
const isModule = (name: string) => name.endsWith(".js") && !name.endsWith(".global.js");

/** A node of any kind, with what the rules ask of it. */
interface Any extends Node {
  readonly name?: string;
  readonly callee?: Any;
  readonly object?: Any;
  readonly left?: Any;
  readonly arguments?: readonly Any[];
}

const GLOBALS = /^(globalThis|window|self|global)$/;
const FUNCTION = /Function/;

/** What a script does that it must not: each with its place. */
function offences(text: string, asModule: boolean): string[] {
  const found: string[] = [];
  const say = (what: string, { start }: Node) => found.push(`${what}: ${text.slice(start, start + 60)}`);
  const makesCode = (node: Any) => {
    if (node.callee?.name === "eval" || node.callee?.name === "Function") say("code made from text", node);
    if (/^(setTimeout|setInterval)$/.test(node.callee?.name ?? "") && node.arguments?.[0]?.type === "Literal")
      say("code made from text", node);
  };
  ancestor(
    parse(text, { ecmaVersion: "latest", sourceType: asModule ? "module" : "script", allowHashBang: true }),
    {
      CallExpression: makesCode as never,
      NewExpression: makesCode as never,
      AssignmentExpression(node) {
        const { left } = node as Any;
        if (left?.type === "MemberExpression" && GLOBALS.test(left.object?.name ?? "")) say("a global", node);
      },
      AwaitExpression(node, _state, ancestors) {
        if (!ancestors.some(({ type }) => FUNCTION.test(type))) say("await at the top", node);
      },
      ForOfStatement(node, _state, ancestors) {
        if (node.await && !ancestors.some(({ type }) => FUNCTION.test(type))) say("await at the top", node);
      },
    },
  );
  return found;
}

describe("the package's scripts", () => {
  it.each(scripts)("%s makes no code from text, sets no global, and awaits nothing at its top", (name) => {
    expect(offences(readFileSync(dist + name, "utf8"), isModule(name))).toEqual([]);
  });

  it("the classic script declares one name", () => {
    const { body } = parse(readFileSync(`${dist}wasmgrad.global.js`, "utf8"), { ecmaVersion: "latest" });
    const names = body.flatMap((node) =>
      node.type === "VariableDeclaration" ? node.declarations.map(({ id }) => (id as Any).name) : [node.type],
    );
    expect(names.filter((name) => name !== "ExpressionStatement")).toEqual(["wasmgrad"]);
  });

  it.each([
    "eval('1')",
    "new Function('return 1')()",
    "Function('return this')()",
    "setTimeout('f()', 1)",
    "window.x = 1",
    "globalThis.x ??= 1",
    "await f()",
    "for await (const x of y);",
  ])("would be caught with %s", (text) => {
    expect(offences(text, true)).toHaveLength(1);
  });

  it("may do so in their functions", () => {
    expect(offences("async function f() { await g(); for await (const x of y); }", true)).toEqual([]);
  });
});
