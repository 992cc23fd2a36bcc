/**
 * What stands before a program in its worker: modules by name, `console`, and the end. A classic script, since workers of nobody's
 * origin can load no modules; what is loaded later comes as blobs, too.
 */
import type { Order } from "../messages.ts";
import { textOf } from "./console-text.ts";
import { setPlots } from "./plots.ts";
import * as print from "./print.ts";
import { finish, say } from "./say.ts";

type Require = (name: string) => unknown;
type Factory = (require: Require, module: { exports: unknown }, exports: unknown) => unknown;

declare function importScripts(url: string): void;

const { createObjectURL } = URL;
const now = performance.now.bind(performance);
const urlOf = (text: string) => createObjectURL(new Blob([text], { type: "text/javascript" }));

let main: Factory | undefined;
let made: Factory | undefined;
(self as unknown as Record<string, unknown>).wasmgradCell = {
  run: (factory: Factory) => (main = factory),
  define: (factory: Factory) => (made = factory),
};

const NAMES = [
  "wasmgrad",
  "wasmgrad/analysis",
  "wasmgrad/data",
  "wasmgrad/metrics",
  "wasmgrad/plot",
  "wasmgrad/transform",
];

function requireFrom(modules: Order["modules"]): Require {
  const loaded = new Map<string, unknown>();
  const load = (name: string): unknown => {
    if (!loaded.has(name)) {
      if (!Object.hasOwn(modules, name))
        throw new Error(`"${name}" was not brought; import it at the top of the program`);
      importScripts(urlOf(modules[name]));
      const module = { exports: {} };
      made?.(inner, module, module.exports);
      loaded.set(name, module.exports);
    }
    return loaded.get(name);
  };
  const core = () => load("core") as { index: unknown; transform: unknown };
  const inner: Require = (name) => {
    if (name === "./index.cjs") return core().index;
    throw new Error(`cells run without threads and relaxed kernels; got a wish for ${name}`);
  };
  return (name) => {
    if (/^\.\/print(\.[jt]s)?$/.test(name)) return print;
    if (name === "wasmgrad") return core().index;
    if (name === "wasmgrad/transform") return core().transform;
    if (NAMES.includes(name)) return load(name.slice("wasmgrad/".length));
    throw new Error(`"${name}" is not in a cell; there are ${NAMES.join(", ")} and ./print.ts`);
  };
}

/** The line of the program in which something was thrown, or 0. */
function lineOf(error: unknown, url: string): number {
  const { stack, line, lineNumber } = Object(error) as Record<string, unknown>;
  const at = String(stack).split(`${url}:`)[1];
  return Number.parseInt(at ?? (error instanceof SyntaxError ? `${lineNumber ?? line}` : ""), 10) || 0;
}

for (const name of ["log", "info", "debug", "warn", "error"] as const)
  console[name] = (...values: unknown[]) => say({ kind: "text", text: values.map(textOf).join(" ") });

async function start({ code, modules, width }: Order) {
  const require = requireFrom(modules);
  setPlots(() => ({ ...(require("wasmgrad/plot") as typeof import("wasmgrad/plot")), width }));
  const url = urlOf(code);
  const fail = (error: unknown) => finish({ kind: "failed", what: textOf(error), line: lineOf(error, url) });
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    fail(event.reason);
  });
  addEventListener("error", (event) => {
    event.preventDefault();
    fail(event.error ?? event.message);
  });
  const begin = now();
  try {
    importScripts(url);
    const module = { exports: {} };
    await main?.(require, module, module.exports);
    finish({ kind: "end", seconds: (now() - begin) / 1000 });
  } catch (error) {
    fail(error);
  }
}

// WebKit gives nobody's origin a store of its own; and in a worker within this one it would be there again.
for (const name of ["caches", "indexedDB", "Worker"])
  for (let owner: object | null = self; owner; owner = Object.getPrototypeOf(owner))
    Reflect.deleteProperty(owner, name);

addEventListener("message", ({ data }) => start(data), { once: true });
