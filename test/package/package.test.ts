/** The built package as its users meet it: imported, required, packed. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { BRINGING } from "../../src/bringing.ts";
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

  it("has functions that bring ops and kinds along, in every form, as the sources do", () => {
    const inSources = Object.entries(source).filter(([, it]) => Array.isArray((it as { ops?: unknown }).ops));
    expect(BRINGING.split(" ").sort()).toEqual(inSources.map(([name]) => name).sort());
    const out = run(
      "--input-type=module",
      "-e",
      `import { createRequire } from "node:module";
       const forms = [await import("./dist/index.js"), createRequire(import.meta.url)("./dist/index.cjs")];
       for (const all of forms) {
         const { compile, conv2d, createEngine, crossEntropy, dense, flatten, load, loadTrainer, rmsprop, sequential } = all;
         const model = sequential({ input: [4, 4, 1], seed: 1 }, [conv2d(2, { kernel: 3 }), flatten(), dense(2, { activation: "softmax" })]);
         const trainer = compile(model, { loss: crossEntropy(), optimizer: rmsprop() });
         const bytes = trainer.save({ training: true });
         const refused = (uses) => { try { load(bytes, { uses: [conv2d, ...uses] }); } catch (error) { return error.code; } };
         console.log(
           ${JSON.stringify(BRINGING)}.split(" ").filter((name) => refused([all[name]])).join(),
           [dense, createEngine, () => 3, class {}, {}].map((none) => refused([none])).join(),
           loadTrainer(bytes, { uses: [conv2d, rmsprop] }).digest() === trainer.digest(),
         );
       }`,
    );
    expect(out).toBe(` ${Array(5).fill("file-uses").join()} true\n`.repeat(2));
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
      `const required = ["", "/transform", "/analysis", "/data", "/metrics", "/node", "/plot", "/worker"].map((name) => require("wasmgrad" + name));
       Promise.all(["", "/transform", "/analysis", "/data", "/metrics", "/node", "/plot", "/worker"].map((name) => import("wasmgrad" + name))).then((imported) => {
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
