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

  it("is one engine and one set of classes for import and require", () => {
    const out = run(
      "-e",
      `const required = ["", "/transform", "/analysis", "/data", "/metrics", "/node", "/plot"].map((name) => require("wasmgrad" + name));
       Promise.all(["", "/transform", "/analysis", "/data", "/metrics", "/node", "/plot"].map((name) => import("wasmgrad" + name))).then((imported) => {
         const same = imported.every((entry, i) => Object.keys(required[i]).length > 1
           && Object.keys(required[i]).every((name) => entry[name] === required[i][name]));
         let error;
         try { required[2].rank("x"); } catch (e) { error = e; }
         console.log(same, error instanceof imported[0].ShapeError);
       });`,
    );
    expect(out).toBe("true true\n");
  });
});
