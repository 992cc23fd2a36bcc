/** A visitor's program as the classic script that a cell runs. */
import { transform } from "sucrase";

/** A mistake in the text of a program. */
export class TextError extends Error {
  override name = "TextError";
  constructor(
    message: string,
    /** From 1 on; 0 where it is not known. */
    readonly line: number,
  ) {
    super(message);
  }
}

export interface Transpiled {
  readonly code: string;
  /** Names of `cell/modules/` that it may ask for. */
  readonly modules: readonly string[];
}

/** TypeScript without its types, imports as calls of `require`; lines stay where they are. `await` may stand anywhere. */
export function transpile(text: string): Transpiled {
  let code: string;
  try {
    code = transform(text, { transforms: ["typescript", "imports"], disableESTransforms: true }).code;
  } catch (error) {
    const [, message, line] = /^(?:Error transforming[^:]*: )?(.*?)(?: \((\d+):\d+\))?$/s.exec(
      (error as Error).message,
    ) as RegExpExecArray;
    throw new TextError(message, Number(line ?? 0));
  }
  const asked = new Set(Array.from(code.matchAll(/\brequire\(['"]([^'"]+)['"]\)/g), ([, name]) => name));
  const modules = new Set(["core"]);
  for (const name of ["analysis", "data", "metrics", "plot"])
    if (asked.has(`wasmgrad/${name}`)) modules.add(name);
  if (asked.has("./print.ts") && /\b(curve|square)\b/.test(code)) modules.add("plot");
  return { code: `wasmgradCell.run(async(require,module,exports)=>{${code}\n})`, modules: [...modules] };
}
