/** The built package as its users meet it: imported, required, packed. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import * as source from "../../src/index.ts";
import { xor, xorTrainer } from "../fixtures.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const run = (...args: string[]) => execFileSync(process.execPath, args, { cwd: root, encoding: "utf8" });
const XOR = `
  const net = sequential({ input: [2], seed: 42 }, [dense(8, { activation: "tanh" }), dense(1, { activation: "sigmoid" })]);
  const trainer = compile(net, { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.05 }) });
  trainer.fitSync({ x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [0, 1, 1, 0] }, { epochs: 100 });
  console.log(trainer.digest());`;
const NAMES = "adam, binaryCrossEntropy, compile, dense, sequential";

describe("the package", () => {
  it("is imported by its name, and exports what the sources do", () => {
    const names = JSON.parse(
      run("--input-type=module", "-e", 'console.log(JSON.stringify(Object.keys(await import("wasmgrad"))))'),
    );
    expect(names.sort()).toEqual(Object.keys(source).sort());
  });

  it("trains with the same bits imported and required", () => {
    const imported = run("--input-type=module", "-e", `import { ${NAMES} } from "wasmgrad";${XOR}`);
    const required = run("--no-warnings", "-e", `const { ${NAMES} } = require("wasmgrad");${XOR}`);
    expect(imported).toMatch(/^[0-9a-f]{64}\n$/);
    expect(required).toBe(imported);
  });

  it("has a command line that trains XOR, to the same bits", () => {
    const trainer = xorTrainer(42);
    const { steps } = trainer.fitSync(xor, { epochs: 1000, stopWhen: { lossBelow: 0.01 } });
    const report = JSON.parse(run("dist/cli/start.js", "--json", "--seed", "42"));
    expect(report).toMatchObject({ converged: true, steps, digest: trainer.digest() });
  });

  it("packs what its exports name, and neither sources of tests nor measurements", () => {
    const [{ files }] = JSON.parse(
      execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
        cwd: root,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }),
    ) as [{ files: { path: string }[] }];
    const paths = files.map(({ path }) => path);
    const named = JSON.parse(run("-p", 'JSON.stringify(require("./package.json").exports)'));
    for (const entry of Object.values(named))
      for (const path of typeof entry === "string" ? [entry] : Object.values(entry as object))
        expect(paths).toContain(path.slice(2));
    expect(paths).toEqual(expect.arrayContaining(["LICENSE", "README.md"]));
    expect(paths.filter((path) => /^(test|bench|src|assembly|examples)\//.test(path))).toEqual([]);
  });
});
