/** Ledgers in the forms of the package: Node's has all that they need, pages made by a bundler what they name. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";

const dist = fileURLToPath(new URL("../../dist/", import.meta.url));

const RUN = `
  const make = () =>
    compile(sequential({ input: [2], seed: 42 }, [dense(4, { activation: "tanh" }), dense(1)]), {
      loss: meanSquaredError(), optimizer: adam(),
    });
  const data = { x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [0, 1, 1, 0] };
`;
const NAMES = "adam, compile, dense, meanSquaredError, sequential";

/** What a module prints in a process of its own. */
const printed = (code: string): string =>
  execFileSync(process.execPath, ["--input-type=module", "-"], { input: code, encoding: "utf8" }).trim();

/** What a page prints that a bundler has made of the package's modules. */
async function printedByPage(code: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: dist },
    alias: { wasmgrad: `${dist}index.js` },
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
  });
  return printed(outputFiles[0].text);
}

const DIGESTS = `ledger.entries.map(({ chain }) => chain.slice(0, 8)).join()`;

/** By which package. */
const inNode = (form: "index.js" | "index.cjs") =>
  form === "index.js"
    ? `const { ${NAMES}, verifyLedger } = await import("${dist}node/index.js");`
    : `import { createRequire } from "node:module";
       const { ${NAMES}, verifyLedger } = createRequire("${dist}")("./index.cjs");`;

const WRITTEN = `${RUN}
  const { ledger } = make().fitSync(data, { epochs: 4, ledger: { every: 2 } });
  const { equal } = await verifyLedger(make, data, JSON.parse(JSON.stringify(ledger)));
  console.log(${DIGESTS}, equal);`;

describe("a ledger", () => {
  const expected = printed(inNode("index.js") + WRITTEN);

  it("is written in Node by the option alone, by import and by require", () => {
    expect(expected).toMatch(/^(\w{8},){2}\w{8} true$/);
    expect(printed(inNode("index.cjs") + WRITTEN)).toBe(expected);
  });

  it("is written in a page by what startLedger gives, with the same digests", async () => {
    const code = `import { ${NAMES}, startLedger, verifyLedger } from "wasmgrad"; ${RUN}
      const ledger = startLedger({ every: 2 });
      await make().fit(data, { epochs: 4, ledger });
      const { equal } = await verifyLedger(make, data, ledger);
      console.log(${DIGESTS}, equal);`;
    expect(await printedByPage(code)).toBe(expected);
  });

  it("is refused in a page that has no code for it, which says what to call", async () => {
    const code = `import { ${NAMES} } from "wasmgrad"; ${RUN}
      const trainer = make();
      const before = trainer.digest({ training: true });
      for (const fit of ["fit", "fitSync"])
        try { await trainer[fit](data, { ledger: { every: 2 } }); } catch (error) { console.log(String(error)); }
      console.log(trainer.digest({ training: true }) === before);`;
    const message = (who: string) =>
      `OptionError: ${who}: ledger needs startLedger in bundled pages; got options`;
    expect(await printedByPage(code)).toBe([message("fit"), message("fitSync"), "true"].join("\n"));
  });
});
