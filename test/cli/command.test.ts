/** The command, from its arguments to what it writes; as a process of the packed package in test/package/command.test.ts. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeProgram } from "../../src/cli/commands.ts";
import { STATUS } from "../../src/cli/failures.ts";
import { VERSION } from "../../src/index.ts";
import { loadFile } from "../../src/node/index.ts";
import { mixedCsv } from "../data/generated.ts";
import { run } from "./run.ts";

const folder = mkdtempSync(join(tmpdir(), "wasmgrad-command-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);
const put = (name: string, text: string) => {
  writeFileSync(at(name), text);
  return at(name);
};

const irisText = readFileSync(fileURLToPath(new URL("../data/iris.csv", import.meta.url)), "utf8");
const iris = put("iris.csv", irisText);
const [header, ...irisLines] = irisText.trim().split("\n");
const species = header.split(",").at(-1) as string;
const model = at("iris.safetensors");

describe("wasmgrad train", () => {
  let trained: Awaited<ReturnType<typeof run>>;
  beforeAll(async () => {
    trained = await run("train", iris, "--target", species);
  });

  it("writes a model beside the data, and says how good it is, in 80 columns", async () => {
    expect(trained).toMatchObject({ error: "", status: 0 });
    for (const line of trained.out.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    expect(trained.out).toMatch(/^150 rows, 4 columns -> 3 classes of /);
    expect(trained.out).toMatch(
      /\non 30 rows held back +network +linear +commonest\naccuracy +9\d\.\d % +9\d\.\d % +33\.3 %\n/,
    );
    expect(trained.out).toMatch(/\nbalanced accuracy +9\d\.\d % +9\d\.\d % +33\.3 %\nf1 +0\.9/);
    expect(trained.out).toMatch(/\n +precision +recall +f1 +support\nsetosa +1\.000 +1\.000 +1\.000 +10\n/);
    expect(trained.out).toMatch(/\nloss and validation loss\n +[\d.]+ ┼/);
    expect(trained.out).toMatch(/\nimportance of columns: [^\n]+\n {2}petal width +\d\.\d+ +█{24}\n/);
    expect(existsSync(model)).toBe(true);
    const digest = (await loadFile(model)).digest();
    expect(trained.out).toContain(`digest ${digest}\n`);
  });

  it("gives the same model again, as one JSON object with --json", async () => {
    const { out } = await run("train", iris, "--target", species, "--json", "--out", at("again.safetensors"));
    const outcome = JSON.parse(out);
    expect(outcome).toMatchObject({
      file: at("again.safetensors"),
      isInterrupted: false,
      report: { task: "classification", rows: 150, validationRows: 30, scores: { metric: "accuracy" } },
    });
    expect(readFileSync(at("again.safetensors")).equals(readFileSync(model))).toBe(true);
    expect(trained.out).toContain(outcome.digest);
    expect(outcome.importances).toHaveLength(4);
  });

  it("takes what the flags say", async () => {
    const flags = ["--hidden", "8,4", "--epochs", "7", "--validate", "0.4", "--seed", "3", "--no-refit"];
    const more = [
      "--learning-rate",
      "0.01",
      "--weight-decay",
      "0.05",
      "--batch-size",
      "16",
      "--patience",
      "5",
    ];
    const dropped = header.split(",")[0];
    const { out, error } = await run(
      ...["train", iris, "--target", species, "--json", "--out", at("flags.safetensors")],
      ...[...flags, ...more, "--drop", dropped, "--class-weight", "balanced"],
    );
    expect(error).toBe("");
    const { report } = JSON.parse(out);
    expect(report).toMatchObject({
      hidden: [8, 4],
      validationRows: 60,
      seed: 3,
      isRefit: false,
      weightDecay: 0.05,
      isBalanced: true,
    });
    expect(report.epochs).toBeLessThanOrEqual(7);
    expect(report.columns).toEqual(header.split(",").slice(1, -1));
  });

  it("reads JSON rows, tables with semicolons and decimal commas, and tables without a task", async () => {
    const rows = Array.from({ length: 40 }, (_, i) => ({ a: i % 7, y: (i % 7) * 2.5 + 0.5 }));
    const json = put("rows.json", JSON.stringify(rows));
    const csv = put(
      "rows.csv",
      `a;y\n${rows.map(({ a, y }) => `${a};${String(y).replace(".", ",")}`).join("\n")}\n`,
    );
    const train = async (path: string, out: string) =>
      JSON.parse(
        (await run("train", path, "--target", "y", "--epochs", "30", "--json", "--out", at(out))).out,
      );
    const [first, second] = [await train(json, "a.safetensors"), await train(csv, "b.safetensors")];
    expect(first.report).toMatchObject({ task: "regression", scores: { metric: "r2" } });
    expect(second.digest).toBe(first.digest);
  });

  it("keeps and reads columns as --kind says, and says so where one is left out", async () => {
    const rows = Array.from({ length: 30 }, (_, i) => `${100 + i},${i % 3},${i % 2 ? "p" : "q"}`);
    const path = put("kinds.csv", `id,code,y\n${rows.join("\n")}\n`);
    const flags = ["--target", "y", "--epochs", "2", "--out", at("kinds.safetensors")];
    const left = await run("train", path, ...flags);
    expect(left.out.replaceAll(/\n +/g, " ")).toContain(
      'column "id" is left out: it numbers the rows (--kind id=number keeps it)',
    );
    await run("train", path, ...flags, "--kind", "id=number,code=category");
    const { columns } = JSON.parse((await run("info", "model", at("kinds.safetensors"), "--json")).out);
    expect(columns.map(({ name, kind }: { name: string; kind: string }) => [name, kind])).toEqual([
      ["id", "number"],
      ["code", "category"],
    ]);
    expect(await run("train", path, ...flags, "--kind", "id=text")).toMatchObject({ status: 2 });
  });

  it("goes on with a finished model on all rows", async () => {
    const out = at("resumed.safetensors");
    const resumed = await run(
      "train",
      iris,
      "--target",
      species,
      "--resume",
      model,
      "--epochs",
      "5",
      "--out",
      out,
    );
    expect(resumed).toMatchObject({ error: "", status: 0 });
    expect(resumed.out).toMatch(/trained after \d+ epochs/);
    expect(resumed.out).toContain("nothing was held back");
    const [before, after] = [await loadFile(model), await loadFile(out)];
    expect(after.digest()).not.toBe(before.digest());
  });

  it("keeps the best weights at Ctrl-C, and goes on from there", async () => {
    const out = at("stopped.safetensors");
    const long = ["--epochs", "1000000", "--patience", "1000000"];
    const before = process.listenerCount("SIGINT");
    let looks = 0;
    // Once it trains, and some slices have passed, as if a key were pressed.
    const timer = setInterval(() => {
      if (process.listenerCount("SIGINT") === before || ++looks < 5) return;
      clearInterval(timer);
      (process.listeners("SIGINT").at(-1) as () => void)();
    }, 1);
    const stopped = await run("train", iris, "--target", species, ...long, "--out", out);
    expect(stopped).toMatchObject({ error: "", status: 130 });
    const [, epochs, best] = /interrupted after (\d+) epochs, the best was (\d+): the file has the best/.exec(
      stopped.out.replaceAll("\n", " "),
    ) as RegExpExecArray;
    expect(Number(epochs)).toBeGreaterThanOrEqual(Number(best));
    expect(process.listenerCount("SIGINT")).toBe(before);
    const resumed = await run("train", iris, "--target", species, "--resume", out, "--json", "--out", out);
    const { report } = JSON.parse(resumed.out);
    expect(report.validationRows).toBe(30);
    expect(report.bestEpoch).toBeGreaterThanOrEqual(Number(best));
  });

  it("says that the network does not beat a linear model", async () => {
    const rows = Array.from({ length: 60 }, (_, i) => `${(i * 37) % 23},${i % 2 ? "no" : "yes"}`);
    const path = put("noise.csv", `a,y\n${rows.join("\n")}\n`);
    const { out } = await run("train", path, "--target", "y", "--epochs", "2");
    expect(out).toContain("does not beat");
  });
});

describe("wasmgrad predict", () => {
  it("writes all columns as they are, the prediction, and a probability for each class", async () => {
    const { out, error, status } = await run("predict", model, iris);
    expect({ error, status }).toEqual({ error: "", status: 0 });
    const [names, ...lines] = out.trim().split("\n");
    const predictor = await loadFile(model);
    const { labels } = predictor as unknown as { labels: string[] };
    expect(names).toBe([header, "prediction", ...labels.map((label) => `probability_${label}`)].join(","));
    expect(lines).toHaveLength(150);
    let right = 0;
    lines.forEach((line, i) => {
      expect(line.startsWith(`${irisLines[i]},`)).toBe(true);
      const cells = line.split(",");
      const probabilities = cells.slice(-labels.length).map(Number);
      expect(Math.abs(probabilities.reduce((sum, p) => sum + p, 0) - 1)).toBeLessThan(1e-5);
      const said = cells.at(-labels.length - 1) as string;
      expect(said).toBe(labels[probabilities.indexOf(Math.max(...probabilities))]);
      if (said === irisLines[i].split(",").at(-1)) right++;
    });
    expect(right).toBeGreaterThan(140);
  });

  it("matches columns by name, ignores others, and keeps what is quoted", async () => {
    const columns = header.split(",").slice(0, -1);
    const cells = irisLines[0].split(",");
    const turned = [...columns].reverse();
    const path = put(
      "turned.csv",
      `note,${turned.join(",")}\n"a, ""b""",${turned.map((name) => cells[columns.indexOf(name)]).join(",")}\n`,
    );
    const { out } = await run("predict", model, path);
    const [names, line] = out.trim().split("\n");
    expect(names.startsWith(`note,${turned.join(",")},prediction,`)).toBe(true);
    expect(line.startsWith('"a, ""b""",')).toBe(true);
    const first = (await run("predict", model, iris)).out.split("\n")[1];
    expect(line.split(",").slice(-4)).toEqual(first.split(",").slice(-4));
  });

  it("writes a JSON object a row with --json", async () => {
    const { out } = await run("predict", model, iris, "--json");
    const rows = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(rows).toHaveLength(150);
    expect(Object.keys(rows[0])).toContain("prediction");
    expect(typeof rows[0][Object.keys(rows[0]).at(-1) as string]).toBe("number");
  });

  it("names columns that are missing", async () => {
    const columns = header.split(",");
    const path = put("short.csv", `${columns[0]},other\n5.1,1\n`);
    const { out, error, status } = await run("predict", model, path);
    expect({ out, status }).toEqual({ out: "", status: 1 });
    expect(error).toBe(
      `error: ${path}: must have the columns that the model reads; ` +
        `${columns
          .slice(1, 4)
          .map((name) => JSON.stringify(name))
          .join(", ")} are missing (it has ${columns[0]}, other)\n`,
    );
  });

  it("names file, line and column of a cell that does not fit", async () => {
    const columns = header.split(",");
    const path = put("bad.csv", `${header}\n${irisLines[0]}\n5.1,wide,1.4,0.2,x\n`);
    const { error, status } = await run("predict", model, path);
    expect(status).toBe(1);
    expect(error).toContain(path);
    expect(error).toContain("line 3");
    expect(error).toContain(JSON.stringify(columns[1]));
    expect(error).not.toMatch(/\n\s+at /);
  });

  it("predicts tables with categories, dates and holes, also categories that it has not seen", async () => {
    const data = put("mixed.csv", mixedCsv(400, 3));
    const own = at("mixed.safetensors");
    await run("train", data, "--target", "churned", "--epochs", "5", "--out", own);
    const path = put(
      "new.csv",
      "plan,age,income,joined,visits,a,b,region\nplatinum,40,,2021-01-15,10,0,0,999\n,40,50000,,10,,0,012\n",
    );
    const { out, error } = await run("predict", own, path);
    expect(error).toBe("");
    expect(out.trim().split("\n")[1]).toMatch(
      /^platinum,40,,2021-01-15,10,0,0,999,(yes|no),[\d.e-]+,[\d.e-]+$/,
    );
    expect(out.trim().split("\n")[2]).toMatch(/^,40,50000,,10,,0,012,(yes|no),/);
  });

  it("gives columns that have the same names others", async () => {
    const path = put("twice.csv", `${header},prediction\n${irisLines[0]},7\n`);
    const { out } = await run("predict", model, path);
    expect(out.split("\n")[0]).toContain(`${header},prediction,prediction_2,`);
  });
});

describe("wasmgrad evaluate", () => {
  it("scores a model, and counts what it takes for what", async () => {
    const { out, error, status } = await run("evaluate", model, iris);
    expect({ error, status }).toEqual({ error: "", status: 0 });
    expect(out).toContain(`${species} of 150 rows`);
    expect(out).toMatch(/\naccuracy +0?\.?9/);
    expect(out).toContain("confusion matrix");
  });

  it("gives numbers with --json", async () => {
    const { out } = await run("evaluate", model, iris, "--json", "--target", species);
    const {
      rows,
      evaluation,
      report: { confusion },
    } = JSON.parse(out);
    expect(rows).toBe(150);
    expect(confusion.flat().reduce((sum: number, n: number) => sum + n, 0)).toBe(150);
    const right = confusion.reduce((sum: number, row: number[], i: number) => sum + row[i], 0);
    expect(evaluation.accuracy).toBe(right / 150);
  });

  it("knows the target by its classes", async () => {
    const numbered = irisLines.map((line, i) => `${line},${i}`).join("\n");
    const path = put("numbered.csv", `${header},id\n${numbered}\n`);
    expect((await run("evaluate", model, path)).out).toBe(
      (await run("evaluate", model, iris)).out.replaceAll(iris, path),
    );
  });

  it("asks for the target where it cannot tell, and names a class that it does not know", async () => {
    const kindOf = (line: string) => line.slice(line.lastIndexOf(",") + 1);
    const twice = irisLines.map((line) => `${line},${kindOf(line)}`).join("\n");
    const two = put("two.csv", `${header},other\n${twice}\n`);
    expect(await run("evaluate", model, two)).toMatchObject({
      error: `error: evaluate: --target must be a column of ${two}; it may be ${species}, other\n`,
      status: 2,
    });
    const cow = put("cow.csv", `${header}\n${irisLines[0]}\n5,3,1,0.2,cow\n`);
    const { error, status } = await run("evaluate", model, cow);
    expect(status).toBe(1);
    expect(error).toContain(
      `${cow}: column ${JSON.stringify(species)}, row 1: the target must be a class of the model`,
    );
  });
});

describe("wasmgrad info", () => {
  it("says what a file holds", async () => {
    const { out, status } = await run("info", "model", model);
    expect(status).toBe(0);
    expect(out).toContain("reads 4 columns");
    expect(out).toMatch(/tells apart 3 classes: /);
    expect(out).toMatch(/\ndense1 +\[rows, 64\] +320 +256 +256\n/);
    expect(await run("info", model)).toEqual(await run("info", "model", model));
    expect((await run("info")).status).toBe(2);
    const { columns, digest } = JSON.parse((await run("info", "model", model, "--json")).out);
    expect((await run("info", model, "--json")).out).toBe((await run("info", "model", model, "--json")).out);
    expect(columns.map(({ name }: { name: string }) => name)).toEqual(header.split(",").slice(0, -1));
    expect(digest).toBe((await loadFile(model)).digest());
  });

  it("says what runs here", async () => {
    expect((await run("info", "engine")).out).toContain(`wasmgrad   ${VERSION}\n`);
    expect(JSON.parse((await run("info", "engine", "--json")).out)).toMatchObject({
      version: VERSION,
      simd: true,
    });
  });
});

describe("docs/cli.md", () => {
  const page = readFileSync(new URL("../../docs/cli.md", import.meta.url), "utf8");
  const program = makeProgram({ out() {}, write() {}, setStatus() {} });
  const train = program.commands.find((command) => command.name() === "train");

  it("has every command, and every flag of train", () => {
    for (const command of program.commands)
      expect(page).toContain(`\`${command.name()} `.replace("xor ", "xor`").replace("bench ", "bench`"));
    const flags = (train?.options ?? [])
      .map(({ long }) => long as string)
      .filter((flag) => flag !== "--help");
    expect(flags.length).toBeGreaterThan(15);
    for (const flag of flags) expect(page, flag).toContain(flag);
  });

  it("names no flag of train that it has not", () => {
    const [, table] = /## train([\s\S]*?)### What it does/.exec(page) as RegExpExecArray;
    for (const [flag] of table.matchAll(/--[a-z][a-z-]*/g))
      expect(train?.options.map(({ long }) => long)).toContain(flag);
  });

  it("has every status", () => {
    for (const status of Object.values(STATUS)) expect(page).toContain(`| ${status} |`);
  });
});

describe("wasmgrad", () => {
  it("prints its version and what there is", async () => {
    expect(await run("--version")).toEqual({ out: `${VERSION}\n`, error: "", status: 0 });
    const { out, status } = await run("--help");
    expect(status).toBe(0);
    for (const name of ["train", "predict", "evaluate", "info", "xor", "bench"])
      expect(out).toContain(`  ${name} `);
    const train = await run("train", "--help");
    for (const line of train.out.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });

  it("trains XOR to the shipped bits", async () => {
    const { out, status } = await run("xor", "--seed", "42", "--json");
    expect(status).toBe(0);
    const digests = JSON.parse(readFileSync(new URL("../determinism/digests.json", import.meta.url), "utf8"));
    expect(JSON.parse(out).digest).toBe(digests["xor to loss 0.01"]);
  });

  const one = put("one.csv", "a,y\n1,p\n2,p\n3,p\n");
  const ragged = put("ragged.csv", "a,y\n1,p\n2\n");
  const twice = put("same.csv", "a,a,y\n1,2,p\n");
  const proto = put("proto.csv", "__proto__,y\n1,p\n");
  const empty = put("empty.csv", "");
  const hole = put("hole.csv", "a,y\n1,p\n2,\n3,q\n");
  const text = put("text.safetensors", "no model");
  mkdirSync(at("folder"));

  it.each([
    [
      ["train", at("nothing.csv"), "--target", "y"],
      1,
      `error: ${at("nothing.csv")}: must exist; there is no such file`,
    ],
    [["train", at("folder"), "--target", "y"], 1, `error: ${at("folder")}: must be a file; it is a folder`],
    [
      ["train", iris],
      2,
      `error: train: --target must be a column of ${iris}: ${header.replaceAll(",", ", ")}; got none`,
    ],
    [["train", iris, "--target", "spices"], 1, `error: ${iris}: must have the target column "spices"; got `],
    [["train", iris, "--target", species, "--drop", "nope"], 1, `error: ${iris}: unknown column "nope"`],
    [
      ["train", iris, "--target", species, "--hidden", "a"],
      2,
      "error: option '--hidden <units>' argument 'a' is invalid",
    ],
    [["train", iris, "--target", species, "--epochs", "0"], 2, "It must be a whole number >= 1."],
    [["train", iris, "--target", species, "--validate", "1"], 2, "It must be in [0, 1)."],
    [
      ["train", iris, "--target", species, "--task", "guess"],
      2,
      "Allowed choices are classification, regression.",
    ],
    [["train", iris, "--target", species, "--patience", "0"], 2, "It must be a whole number >= 1."],
    [["train", iris, "--target", species, "--epoch", "5"], 2, "(Did you mean --epochs?)"],
    [["train", iris, "--target", species, "--out", at("no/where")], 1, at("no/where")],
    [["train", iris, "--target", species, "--resume", text], 1, text],
    [["train", one, "--target", "y"], 1, `error: ${one}: the target must have at least two classes`],
    [
      ["train", ragged, "--target", "y"],
      1,
      `error: ${ragged}: line 3: rows must have 2 cells, one for each column; got 1`,
    ],
    [["train", twice, "--target", "y"], 1, `error: ${twice}: line 1: columns must have different names`],
    [["train", proto, "--target", "y"], 1, `error: ${proto}: line 1`],
    [
      ["train", empty, "--target", "y"],
      1,
      `error: ${empty}: must have at least one row of data; got no text`,
    ],
    [
      ["train", hole, "--target", "y"],
      1,
      `error: ${hole}: the target "y" must have a value in each row; got none at row 1`,
    ],
    [["predict", text, iris], 1, text],
    [["predict", iris], 2, "error: missing required argument 'rows'"],
    [["info", "model", text], 1, text],
    [["infos"], 2, "error: unknown command 'infos'"],
    [["xor", "--seed", "-1"], 2, "It must be a whole number >= 0."],
  ])("%j ends with status %i and says why", async (args, status, message) => {
    const ran = await run(...args);
    expect(ran).toMatchObject({ out: "", status });
    expect(ran.error).toContain(message);
    expect(ran.error).not.toMatch(/\n\s+at /);
    expect(ran.error).toMatch(/^error: /);
  });

  it("leaves no temporary files", () => {
    expect(readdirSync(folder).filter((name) => /tmp|~|\.part/.test(name))).toEqual([]);
  });
});
