/**
 * The packed declarations in the TypeScript versions that users have, checked as strictly as can be, in a folder where no
 * other types are to be found. `test/types/api.ts` says what they must allow and refuse.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installInto, projectWithPackage } from "./tarball.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "wasmgrad-types-"));
afterAll(() => rmSync(folder, { recursive: true }));

const API = readFileSync(join(root, "test/types/api.ts"), "utf8").replace("../../src/index.ts", "wasmgrad");
const OTHERS = `
import { rank } from "wasmgrad/analysis";
import { columns, fitStream, makeMoons, readCsv, streamRows, type Table } from "wasmgrad/data";
import { collapseLinear } from "wasmgrad/transform";
import { compile, crossEntropy, dense, sequential } from "wasmgrad";
export const rows: number[][] = compile(collapseLinear(sequential({ input: [2] }, [dense(1)]))).predict([]).toArray();
export const r: number = rank([[1]]);
export async function train(table: Table) {
  const data = columns(table, { target: "species" });
  const model = sequential({ columns: data.columns }, [dense(data.labels.length, { activation: "softmax" })]);
  const trainer = compile(model, { loss: crossEntropy(), optimizer: adam(), labels: data.labels });
  await trainer.fit(data, { validation: 0.2 });
  await fitStream(trainer, streamRows(() => data.rowsOf(table)));
  trainer.evaluate(data.of(table));
  return load(trainer.save()).classify([{ bill: 39.1, sex: null }]);
}
export const rowsOf: Promise<number> = readCsv("a").then(({ rows }) => rows + makeMoons().y.length);
import { adam, type FileError, load, loadTrainer, meanSquaredError, model, modelFromJSON, modelToJSON, type Predictor, type Trainer } from "wasmgrad";
import { checkpoint, latestCheckpoint, loadFile, loadTrainerFile, saveFile } from "wasmgrad/node";
export async function files(bytes: Uint8Array) {
  const trainer: Trainer = loadTrainer(bytes, { uses: [model], optimizer: adam() });
  const predictor: Predictor = load(bytes);
  await trainer.fit({ x: [[1]], y: [1] }, { onEpoch: checkpoint("folder", { everyEpochs: 2 }), onProgress: checkpoint("folder", { everySeconds: 2 }) });
  await saveFile(new URL("file:///x"), predictor);
  const path: string | undefined = await latestCheckpoint("folder");
  const again = compile(modelFromJSON(modelToJSON(trainer)), { loss: meanSquaredError(), optimizer: adam() });
  return [await loadFile("x"), await loadTrainerFile(path ?? "x"), again.predict([[1]]).data, null as FileError | null];
}
import { inWorker, runInWorkers, serveTrainer, type WorkerTrainer } from "wasmgrad/worker";
export async function elsewhere(trainer: Trainer, file: Uint8Array) {
  const made = () => new Worker(new URL("file:///x"), { type: "module" });
  const remote: WorkerTrainer = await inWorker(trainer, { worker: made, engine: { relaxed: false } });
  const { loss } = await remote.fit({ x: [[1]], y: [1] }, { transfer: true, onEpoch: (event, own) => own.save() });
  const [first]: number[] = await runInWorkers([{ source: async () => file, run: async (own) => (await own.fit({ x: [[1]], y: [1] })).loss }]);
  serveTrainer(() => trainer);
  return loss + first + (await remote.epochs) + (await remote.predict([[1]])).data[0];
}
import { readJson, trainTable, type TableEpoch, type TableReport } from "wasmgrad/data";
import { confusionMatrix, decisionBoundary, histogram, lossCurve } from "wasmgrad/plot";
export async function pictures(canvas: HTMLCanvasElement | OffscreenCanvas) {
  const onEpoch = ({ stage, epoch, most }: TableEpoch) => console.log(stage, epoch, most);
  const { trainer, data, report } = await trainTable(readJson([{ a: 1, y: "p" }]), { target: "y", hidden: [8], onEpoch });
  const kept: TableReport = report;
  const text: string = lossCurve(kept) + confusionMatrix(trainer, data) + histogram(trainer.parameters, { to: "svg" });
  const drawn: HTMLCanvasElement | OffscreenCanvas = decisionBoundary(trainer, data, { to: canvas });
  lossCurve(await trainer.fit(data, { epochs: 1 }), { columns: ["loss"], scale: "linear" });
  return [text, drawn, trainer.classify([{ a: 1 }])[0].label];
}
`;

/** Folders of the compilers in node_modules. */
const compilers: Readonly<Record<string, string>> = {
  5.5: "typescript-5.5",
  5.9: "typescript-5.9",
  7: "typescript",
};
let older = "";

beforeAll(() => {
  installInto(folder);
  older = projectWithPackage("typescript");
  for (const [name, text] of Object.entries({ api: API, others: OTHERS }))
    for (const ending of ["ts", "mts", "cts"]) writeFileSync(join(folder, `${name}.${ending}`), text);
}, 300_000);

/** What a version of the compiler says about files: nothing, or each error with its explanation. */
function check(version: string, files: readonly string[], ...options: readonly string[]): string[] {
  const tsc = join(version === "7" ? root : older, "node_modules", compilers[version], "bin/tsc");
  const strict = [
    "--noEmit",
    "--strict",
    "--skipLibCheck",
    "false",
    "--typeRoots",
    "none",
    "--pretty",
    "false",
  ];
  const { stdout, status } = spawnSync(
    process.execPath,
    [tsc, ...strict, "--target", "es2022", "--lib", "es2022,dom", ...options, ...files],
    { cwd: folder, encoding: "utf8" },
  );
  const errors = stdout.split(/\n(?=\S)/).filter((text) => text !== "");
  expect(status === 0, stdout).toBe(errors.length === 0);
  return errors;
}

const BUNDLER = ["--module", "esnext", "--moduleResolution", "bundler"];

/** Wrong calls, each with what its one error names. */
const WRONG = {
  "'batch'": "compile(net, { batch: 3 });",
  "'batchsize'": "compile(net, { loss: crossEntropy(), optimizer: adam(), batchsize: 3 });",
  "'optimizer'": "compile(net, { loss: crossEntropy() });",
  "'loss'": "compile(net, { optimizer: adam() });",
  "type 'string'": "compile(net, { labels: [1] });",
} as const;

describe.each(Object.keys(compilers))("TypeScript %s", { timeout: 300_000 }, (version) => {
  it("agrees in a project that a bundler reads", () => {
    expect(check(version, ["api.ts", "others.ts"], ...BUNDLER)).toEqual([]);
  });

  it("agrees in ES modules and in CommonJS modules of Node", () => {
    const files = ["api.mts", "others.mts", "api.cts", "others.cts"];
    expect(check(version, files, "--module", "node16")).toEqual([]);
  });

  it("has one error for a wrong option of compile, which names it", () => {
    const start = `import { adam, compile, crossEntropy, dense, sequential } from "wasmgrad";
const net = sequential({ input: [2] }, [dense(1)]);\n`;
    const files = Object.values(WRONG).map((text, i) => {
      writeFileSync(join(folder, `wrong${i}.ts`), start + text);
      return `wrong${i}.ts`;
    });
    const errors = check(version, files, ...BUNDLER);
    expect(errors).toEqual(
      Object.keys(WRONG).map((named, i) => expect.stringMatching(`^wrong${i}.ts[^]*${named}`)),
    );
    expect(errors.filter((error) => error.includes("overload"))).toEqual([]);
  });
});

// TypeScript 7 has no such resolution any more.
it.each(["5.5", "5.9"])(
  "TypeScript %s agrees where it does not know exports yet",
  { timeout: 300_000 },
  (version) => {
    const options = ["--module", "commonjs", "--moduleResolution", "node10"];
    expect(check(version, ["api.ts", "others.ts"], ...options)).toEqual([]);
  },
);

describe.each(["index", "transform", "analysis", "data", "metrics", "node", "worker"])(
  "the declarations of %s",
  (name) => {
    const read = (ending: string) =>
      readFileSync(join(folder, `node_modules/wasmgrad/dist/${name}.${ending}`), "utf8");

    it("export every type that they name", () => {
      const text = read("d.ts");
      const declared = Array.from(
        text.matchAll(
          /^(?:declare )?(?:class|interface|type|enum|function|const) ([\w$]+)(?!.*unique symbol)/gm,
        ),
        ([, type]) => type,
      );
      const exported = Array.from(text.matchAll(/^export (?:type )?{(.*)};$/gm), ([, names]) => names)
        .join()
        .split(",")
        .map((type) => type.trim());
      expect(declared.length).toBeGreaterThan(1);
      expect(declared.filter((type) => !exported.includes(type))).toEqual([]);
    });

    it("have nothing internal", () => {
      expect(read("d.ts")).not.toMatch(
        /@internal|^\s+(protected|private) |^\s+(readonly )?(program|plan|graph|builder)\b/m,
      );
    });

    it("are the same for both module systems", () => {
      expect(read("d.cts")).toBe(read("d.ts").replaceAll("./index.js", "./index.cjs"));
    });
  },
);
