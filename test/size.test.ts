import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";

/** Bytes after gzip that a page which trains an MLP may carry; what it carries is a little less. */
const LIMIT = 36_000;

async function bundle(names: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { ${names} } from "./dist/index.js"; globalThis.used = [${names}];`,
      resolveDir: fileURLToPath(new URL("..", import.meta.url)),
    },
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
    logLevel: "error",
  });
  return outputFiles[0].text;
}

describe("a page that trains an MLP", () => {
  it("carries the package and the core kernels in few bytes", async () => {
    const page = await bundle("adam, binaryCrossEntropy, compile, dense, sequential");
    expect(gzipSync(page, { level: 9 }).length).toBeLessThan(LIMIT);
  });

  it("leaves the extended kernels to pages that use tensors", async () => {
    const [mlp, tensors] = await Promise.all([bundle("compile, sequential"), bundle("compile, model")]);
    const builds = (text: string) => text.match(/"0061736d[0-9a-f]+"/g)?.length;
    expect([builds(mlp), builds(tensors)]).toEqual([1, 2]);
  });
});
