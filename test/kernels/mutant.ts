/** Builds of the kernels from a source that was broken on purpose. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const OUT = "mutant.wasm";

/**
 * The release build, not optimized, with one text of one source replaced by another.
 *
 * @param file under `assembly`
 * @param right occurs once in it
 */
export async function mutant(file: string, right: string, wrong: string): Promise<WebAssembly.Module> {
  let binary: Uint8Array | undefined;
  let changed = false;
  const { error, stderr } = await asc.main(
    `assembly/index.ts --outFile ${OUT} --baseDir ${ROOT} --runtime stub --importMemory --initialMemory 1 --noExportMemory
     --enable simd --use abort= --noAssert --uncheckedBehavior always`.split(/\s+/),
    {
      readFile(name) {
        let text: string;
        try {
          text = readFileSync(ROOT + name, "utf8");
        } catch {
          return null;
        }
        if (name !== `assembly/${file}`) return text;
        if (text.split(right).length !== 2) throw new Error(`${file}: must have "${right}" once`);
        changed = true;
        return text.replace(right, wrong);
      },
      writeFile(name, contents) {
        if (name === OUT) binary = contents as Uint8Array;
      },
      listFiles: () => null,
    },
  );
  if (error || !binary || !changed)
    throw new Error(`${file}: no build; ${error?.message} ${stderr.toString()}`);
  return new WebAssembly.Module(new Uint8Array(binary));
}
