/** The examples of networks, run in short form as their users run them. */
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const run = async (name: string, ...sizes: number[]) => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [`examples/${name}.mjs`, ...sizes.map(String)],
    {
      cwd: root,
    },
  );
  return stdout;
};
/** The numbers that stand where a pattern has its groups, in each match. */
const numbers = (text: string, pattern: RegExp) =>
  Array.from(text.matchAll(pattern), (match) => match.slice(1).map(Number));

describe("examples", () => {
  it("gan: a generator reaches all eight modes of the ring", async () => {
    const printed = await run("gan", 1500);
    const [[hit]] = numbers(printed, /^(\d) of 8 modes/gm);
    expect(hit).toBe(8);
    // All but a few of 1,000 points are drawn, and a third or more lie where the data are.
    const counts = (/points of each: (.*)$/m.exec(printed)?.[1] ?? "").split(" ").map(Number);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(500);
  });

  it("autoencoder: three numbers bring back a ring", async () => {
    const printed = await run("autoencoder", 12);
    const [[loss]] = numbers(printed, /loss of new rings ([\d.]+)/g);
    // The mean picture has 0.055.
    expect(loss).toBeLessThan(0.03);
    expect(printed.split("\n").filter((line) => line.includes(" | "))).toHaveLength(28);
  });

  it("siamese: an embedding names flowers better than their measures", async () => {
    const printed = await run("siamese", 10);
    const [[measured]] = numbers(printed, /as measured: ([\d.]+) %/g);
    const [[embedded]] = numbers(printed, /embedded: ([\d.]+) %/g);
    expect(embedded).toBeGreaterThan(measured + 3);
    expect(numbers(printed, /new flowers: ([\d.]+) % right/g)[0][0]).toBeGreaterThan(88);
  });

  it("transfer: a frozen trunk learns from few rows what a new network does not", async () => {
    const printed = await run("transfer", 100);
    const [[student], [beginner]] = numbers(printed, /from 15 rows: accuracy ([\d.]+) %/g);
    expect(student).toBeGreaterThan(90);
    expect(beginner).toBeLessThan(80);
    expect(printed).toContain("the trunk is as it was: true");
  });

  it("word embeddings: words around a word are less of a surprise", async () => {
    const printed = await run("word-embeddings", 5);
    const losses = numbers(printed, /^epoch \d+: loss ([\d.]+)$/gm).flat();
    expect(losses).toHaveLength(5);
    const [[different]] = numbers(printed, /, (\d+) different ones/g);
    expect(losses[4]).toBeLessThan(Math.log(different) - 0.5);
    expect(printed).toMatch(/^loss: (\w+, ){4}\w+$/m);
  });

  it("char transformer: soon better than a bigram model, and writes", async () => {
    const printed = await run("char-transformer", 400);
    const losses = numbers(printed, /^step \d+: loss ([\d.]+)$/gm).flat();
    const [[bigram]] = numbers(printed, /^a bigram model: loss ([\d.]+)$/gm);
    expect(losses).toHaveLength(5);
    expect(losses[4]).toBeLessThan(bigram);
    expect(printed).toMatch(/^Training [\s\S]{300}/m);
  }, 300_000);

  // Debian's package dataset-fashion-mnist, which .ci/run installs where it can.
  it.skipIf(!existsSync("/usr/share/datasets/fashion-mnist"))(
    "LeNet: a tenth of an epoch of Fashion-MNIST is enough for most kinds",
    async () => {
      const printed = await run("fashion-lenet", 1, 6400);
      const [[accuracy]] = numbers(printed, /^epoch 1: .* test accuracy ([\d.]+) %$/gm);
      expect(accuracy).toBeGreaterThan(65);
      expect(printed).toMatch(/^\d{4} of 10000 right/m);
    },
    120_000,
  );

  it("shapes: pictures as a page has them get their names", async () => {
    const printed = await run("shapes", 12);
    expect(numbers(printed, /of 600 new pictures ([\d.]+) %/g)[0][0]).toBeGreaterThan(94);
    expect(printed).toMatch(/^circle, .*\nsquare, .*\ntriangle, /m);
  });

  it("LSTM: a forecast of the next hour beats that of a week ago", async () => {
    const printed = await run("lstm-forecast", 16);
    const [[error]] = numbers(printed, /^error of the next hour: ([\d.]+)$/gm);
    const [[asLastWeek]] = numbers(printed, /^as a week ago: ([\d.]+),/gm);
    expect(error).toBeLessThan(asLastWeek);
    expect(printed.split("\n").filter((line) => line.includes(" |"))).toHaveLength(12);
  });

  it("of networks have less than 80 lines, and stand in the documentation", () => {
    const docs = readFileSync(`${root}docs/several-programs.md`, "utf8");
    for (const name of NETWORKS) {
      expect(
        readFileSync(`${root}examples/${name}.mjs`, "utf8").split("\n").length,
        name,
      ).toBeLessThanOrEqual(80);
      expect(docs, name).toContain(`\`${name}.mjs\``);
    }
    const tested = readFileSync(fileURLToPath(import.meta.url), "utf8");
    for (const file of readdirSync(`${root}examples`).filter((name) => name.endsWith(".mjs")))
      expect([...NETWORKS, "iris", "house-prices", "fashion-mnist"], file).toContain(
        file.replace(".mjs", ""),
      );
    for (const name of NETWORKS) expect(tested, name).toContain(`run("${name}"`);
  });
});

/** In the order of the documentation. */
const NETWORKS = [
  "gan",
  "autoencoder",
  "siamese",
  "transfer",
  "word-embeddings",
  "char-transformer",
  "fashion-lenet",
  "shapes",
  "lstm-forecast",
];
