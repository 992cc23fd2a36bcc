/** The table of records and the contract, for scripts: TypeScript, bundled and loaded. */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

export async function recordTables() {
  const { outputFiles } = await build({
    stdin: {
      contents: `export { RECORDS } from "./src/tape/records.ts"; export { hasWord } from "./src/tape/operands.ts";
        export { Opcode } from "./assembly/abi.ts";`,
      resolveDir: root,
    },
    bundle: true,
    format: "esm",
    write: false,
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}
