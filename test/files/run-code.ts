import type { Model, Predictor } from "../../src/index.ts";
import * as wasmgrad from "../../src/index.ts";

/** Runs what `modelToCode` gives, as a module that imports the package. */
export function runCode(code: string): {
  model: Model<never, never>;
  predictor?: Predictor<never, never>;
} {
  const [, names, body] = /^import \{ (.*) \} from "wasmgrad";\n([\s\S]*)$/.exec(code) as RegExpExecArray;
  const exported = [...body.matchAll(/^export const (\w+)/gm)].map(([, name]) => name);
  const text = `const { ${names.replaceAll(" as ", ": ")} } = wasmgrad;${body.replaceAll(/^export /gm, "")}; return { ${exported} };`;
  return new Function("wasmgrad", text)(wasmgrad);
}
