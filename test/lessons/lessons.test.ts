/** Runs every lesson as a reader would, and checks the numbers it prints. */
import { execFile, execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { lessons as taught } from "../../scripts/lessons.mjs";
import words from "./words.json" with { type: "json" };
import { wordsOfText } from "./words.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = `${root}/examples/lessons`;
const lessons = readdirSync(folder)
  .filter((name) => !/^(print|show)\.ts$|\.d\.ts$/.test(name))
  .map((name) => name.slice(0, -".ts".length));

const run = async (...args: string[]) => {
  const script = ["scripts/lesson.mjs", ...args];
  const { stdout } = await promisify(execFile)(process.execPath, script, { cwd: root });
  return stdout;
};

/** The cells of the table row that starts with `first`: `number(rows("w1"))`. */
const reader = (text: string) => (first: string) => {
  const rows = text.split("\n").map((line) => line.trim().split(/ {2,}/));
  const row = rows.find((cells) => cells[0] === first && cells.length > 1);
  if (!row) throw new Error(`no row ${first} in\n${text}`);
  return row.slice(1).map(Number);
};

const close = (got: number, expected: number, tolerance: number) =>
  expect(Math.abs(got - expected), `${got} for ${expected}`).toBeLessThanOrEqual(tolerance);

/** What each lesson must print, beyond a check mark before each of its claims. */
const printed: Record<string, (text: string) => void> = {
  "chain-rule": (text) => {
    const row = reader(text);
    expect(row("w1")).toEqual([1, 5.7, 5.7, 0.943]);
    expect(row("w2")).toEqual([2.3, 5.7, 5.7, 2.243]);
    expect(row("w3")).toEqual([5.7, 3.3, 3.3, 5.667]);
    expect(text).toContain("L = 18.81\n");
    expect(text).toContain("L after the step = 18.055\n");
  },
  "tanh-and-sigmoid": (text) => {
    const row = reader(text);
    for (const x of [-4, -1, 0, 0.5, 1, 4]) {
      const [left, right, exact, difference] = row(`${x}`);
      close(left, Math.tanh(x) + 1, 1e-5);
      close(right, exact, 1e-5 * exact);
      close(difference, 0, 4);
    }
    expect(row("-9")[0]).toBe(0);
    close(row("-9")[1], 2 / (1 + Math.exp(18)), 1e-12);
    const [, worst] = text.match(/largest difference over 200,000 numbers: ([\d.]+) x 2\^-24/)!;
    expect(Number(worst)).toBeLessThanOrEqual(4);
  },
  "sigmoid-network-as-tanh": (text) => {
    const row = reader(text);
    for (const name of ["hidden.weight[0]", "hidden.bias[0]", "logit.weight[0]"]) {
      const [sigmoid, tanh] = row(name);
      close(tanh, sigmoid / 2, 1e-5);
    }
    const [before, after] = row("logit.bias[0]");
    const [, moved] = text.match(/half the sum of its weights: (\S+)/)!;
    close(after - before, Number(moved), 1e-4);
    for (const [input, label] of [
      ["0 0", 0],
      ["0 1", 1],
      ["1 0", 1],
      ["1 1", 0],
    ] as const) {
      const [sigmoid, tanh] = row(input);
      expect(sigmoid > 0).toBe(label === 1);
      close(tanh, sigmoid, 1e-4);
    }
    expect(text).toContain(
      "TransformError: convertActivations: the sigmoid of dense1 must feed affine layers",
    );
  },
  likelihood: (text) => {
    const row = reader(text);
    for (const epoch of ["0", "15", "30", "45", "60"]) {
      // Rows of the second table start with "0" too, but come later.
      const [l, h, mean, loss] = row(epoch);
      expect(h).toBe(-l);
      close(mean, h / 60, 1e-5);
      close(loss, mean, 1e-5);
    }
    // softmax([2, -1, 0.5]) = [0.7856, 0.0391, 0.1753]: minus one-hot 0, over 3.
    expect(text).toMatch(/0 {2,}-0\.0715 +0\.013 +0\.0584 +-0\.0715 +0\.013 +0\.0584/);
  },
  adam: (text) => {
    const row = reader(text);
    for (const t of [1, 2, 10, 100, 1000]) {
      const [s, sHat, r, rHat] = row(`${t}`);
      close(s, 3 * (1 - 0.9 ** t), 1e-4);
      close(r, 9 * (1 - 0.999 ** t), 1e-3);
      close(sHat, 3, 1e-5);
      close(rHat, 9, 1e-3);
    }
  },
  "depth-without-activations": (text) => {
    const row = reader(text);
    for (let depth = 2; depth <= 8; depth++) {
      const [numbers, collapsed, before, after, difference] = row(`${depth}`);
      expect(numbers).toBe(64 + (depth - 2) * 272 + 34);
      expect(collapsed).toBe(8);
      close(before, after, 1e-5);
      close(difference, 0, 1e-5);
    }
    expect(text.match(/^ +total +(\d+)/gm)?.map((line) => line.trim().split(/ +/)[1])).toEqual(["642", "98"]);
  },
  rank: (text) => {
    const values = Array.from(text.matchAll(/^ +(\d+) (?:█* )?([\d.e-]+)$/gm), ([, , value]) =>
      Number(value),
    );
    expect(values).toHaveLength(20);
    expect(values.slice(0, 10).filter((s) => s > 1e-6)).toHaveLength(2);
    expect(values.slice(10).filter((s) => s > 1e-6)).toHaveLength(10);
    expect(text).toContain("✓ the bottleneck has rank 2\n");
    expect(text).toContain("✓ the full layer has rank 10\n");
  },
  perceptron: (text) => {
    const [and, or] = text.split("  OR\n");
    for (const [part, table] of [
      [and, [-1, -1, -1, 1]],
      [or, [-1, 1, 1, 1]],
    ] as const) {
      const row = reader(part.replaceAll(/^ {2}(\d) {2}(\d)/gm, "  $1$2"));
      ["00", "01", "10", "11"].forEach((input, i) => {
        expect(row(input)).toEqual([table[i], table[i]]);
      });
      expect(part).toMatch(/after \d+ corrections in \d+ epochs: separated/);
    }
  },
  "xor-is-not-linear": (text) => {
    expect(text).toContain("a point in both hulls:  (0.5,0.5)");
    expect(text).toContain("of the points with -1:  0.5 (0,0) + 0.5 (1,1)");
    expect(text).toContain("of the points with +1:  0.5 (0,1) + 0.5 (1,0)");
    const row = reader(text.replaceAll(/^ {2}(\d) {2}(\d)/gm, "  $1$2"));
    const counts = [0, 1, 2, 3, 4].map((right) => row(`${right} of 4`)[0]);
    expect(counts[4]).toBe(0);
    expect(counts.reduce((sum, count) => sum + count)).toBe(100_000);
    expect(row("00")).toEqual([-1, 1, -1]);
    expect(row("01")).toEqual([1, 1, 1]);
    expect(row("10")).toEqual([1, 1, 1]);
    expect(row("11")).toEqual([1, -1, -1]);
  },
  parity: (text) => {
    const [built, trained] = text.split("  trained, ");
    for (let n = 1; n <= 10; n++)
      expect(built).toMatch(
        new RegExp(`^ +${n} +${n === 1 ? 1 : 2 * (n - 1)} +${2 ** n} of ${2 ** n}$`, "m"),
      );
    for (let n = 2; n <= 6; n++) {
      const [, loss] = trained.match(new RegExp(`^ +${n} +\\d+ +([\\d.]+) +100 %$`, "m"))!;
      expect(Number(loss)).toBeLessThan(Math.LN2 / 2 ** n);
    }
  },
  xor: (text) => {
    const [, steps, loss] = text.match(/(\d+) steps to a loss of ([\d.]+)/)!;
    expect(Number(steps)).toBeLessThan(1000);
    expect(Number(loss)).toBeLessThan(0.01);
    const row = reader(text.replaceAll(/^ {2}(\d) {2}(\d)/gm, "  $1$2"));
    for (const input of ["00", "01", "10", "11"]) {
      const [target, predicted] = row(input);
      close(predicted, target, 0.05);
    }
    expect(text).toMatch(/median of 200 seeds: [\d.e-]+ ms/);
    expect(text).toContain("✓ so it does from 200 of 200 other seeds");
  },
  scaling: (text) => {
    const row = reader(text);
    const [most, least, ratio, after10, after100, after1000] = row("as they are");
    close(most / least, ratio, 0.01 * ratio);
    expect(ratio).toBeGreaterThan(100_000);
    expect(after10).toBeGreaterThan(after100);
    expect(after100).toBeGreaterThan(after1000);
    const even = row("standardized");
    close(even[0], 2, 0.05);
    close(even[1], 2, 0.05);
    // What noise of +-5 leaves at best: 10^2 / 12, up to the chance of 200 rows.
    for (const loss of even.slice(3)) close(loss, 100 / 12, 1.5);
    expect(text).toContain("at the right, from the top: as they are, standardized");
  },
  overfitting: (text) => {
    const row = reader(text);
    const [epochs, seen, unseen, least, at] = row("30 rows");
    expect(epochs).toBe(400);
    expect(seen).toBeLessThan(0.05);
    expect(unseen).toBeGreaterThan(Math.LN2);
    expect(least).toBeLessThan(0.4);
    expect(at).toBeLessThan(epochs / 2);
    const [, many, others] = row("1,000 rows");
    close(many, others, 0.05);
    expect(row("30 rows, l2(0.01)")[2]).toBeLessThan(unseen / 2);
  },
  "early-stopping": (text) => {
    const row = reader(text);
    const [, best] = text.match(/fit ends 30 epochs after the best one, (\d+)$/m)!;
    const stopped = row(`with patience, epoch ${best}`);
    const end = row("after 1,000 epochs");
    expect(end[0]).toBeLessThan(stopped[0]);
    expect(end[1]).toBeGreaterThan(stopped[1]);
    expect(end[2]).toBeGreaterThan(stopped[2]);
    const losses = [2, 4, 8, 16, 32, 64].map((units) => row(`${units}`)[0]);
    const [, units, gain] = text.match(/of (\d+) units, is better than the mean of all 60 by ([\d.]+)/)!;
    expect(row(units)[0]).toBe(Math.min(...losses));
    const [, real] = text.match(/and by ([\d.]+) on the test rows/)!;
    expect(Number(real)).toBeLessThan(Number(gain));
  },
  saving: (text) => {
    const digests = Array.from(text.matchAll(/ {2}([\da-f]{16})$/gm), ([, digest]) => digest);
    expect(digests[0]).toBe(digests[1]);
    expect(digests[0]).not.toBe(digests[2]);
    const bytes = Array.from(text.matchAll(/^ {2}dense\d\.\w+ +\[([\d,]+)\] +(\d+)$/gm));
    expect(bytes).toHaveLength(4);
    for (const [, shape, length] of bytes)
      expect(Number(length)).toBe(4 * shape.split(",").reduce((product, n) => product * Number(n), 1));
    expect(text).toContain("FileError: load: the content of a file must have the digest");
  },
  convolution: (text) => {
    const row = reader(text.replaceAll(" %", ""));
    const [numbers, seen, left, right] = row("dense");
    expect([numbers, seen]).toEqual([144 * 32 + 32 + 32 * 4 + 4, 100]);
    expect(left).toBeLessThan(60);
    close(right, 25, 15);
    const [windows, ...rates] = row("convolution");
    expect(windows).toBe(9 * 12 + 12 + 12 * 4 + 4);
    for (const rate of rates) expect(rate).toBeGreaterThanOrEqual(98);
  },
  sequences: (text) => {
    const [gates, trained] = text.split("  trained: ");
    for (const bias of [0, 1, 4]) {
      const f = 1 / (1 + Math.exp(-bias));
      const [gate, kept, expected, all] = reader(gates)(`${bias}`);
      close(gate, f, 1e-3);
      close(kept, f ** 4, 1e-4);
      close(expected, f ** 4, 1e-4);
      close(all / f ** 79, 1, 0.05);
    }
    const row = reader(trained.replaceAll(" %", ""));
    for (const rate of row("0")) close(rate, 50, 10);
    for (const rate of row("4")) expect(rate).toBeGreaterThan(80);
  },
};

beforeAll(() => {
  // What readers run is the built package.
  execFileSync(process.execPath, ["scripts/build.mjs"], { cwd: root, stdio: "ignore" });
}, 300_000);

describe("the lessons", () => {
  it("are those of the course, of under 80 lines each", () => {
    expect(lessons.sort()).toEqual(Object.keys(printed).sort());
    expect(taught().map(({ topic }) => topic)).toEqual(expect.arrayContaining(lessons));
    for (const name of lessons)
      expect(readFileSync(`${folder}/${name}.ts`, "utf8").split("\n").length, name).toBeLessThan(80);
  });

  it.each(lessons)("%s prints what is true", async (name) => {
    const text = await run(name);
    expect(text).toMatch(/^ {2}✓ /m);
    expect(text).not.toContain("✗");
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
    printed[name](text);
    // What pages of the site are compared with.
    expect(wordsOfText(text).join(" ")).toBe(words[name as keyof typeof words]);
  });

  it("are listed in the order of the course, with title and problem", async () => {
    const list = await run();
    const lines = taught().map(({ topic, title, problem }) => [
      topic,
      problem ? `${title} (${problem})` : title,
    ]);
    expect(Array.from(list.matchAll(/^ {2}([\w-]+) +(\S.*)$/gm), ([, ...parts]) => parts)).toEqual(lines);
    expect(lines[0]).toEqual(["chain-rule", "Reverse mode on a small graph (Q1)"]);
    expect(lines.at(-1)).toEqual(["sequences", "Gates that start open remember"]);
  });

  it("have a derivation each, and are counted in the introduction", () => {
    expect(readFileSync(`${root}/docs/course.md`, "utf8")).toMatch(/^Seventeen lessons\./m);
    expect(taught()).toHaveLength(17);
    for (const { heading, derivation, topic } of taught()) {
      expect(heading, topic).toMatch(/^[^()]+$/);
      expect(derivation.length, topic).toBeGreaterThan(300);
      expect(derivation.split("$$").length % 2, topic).toBe(1);
    }
  });

  it("run by the number of their problem, too", async () => {
    expect(await run("q6.2")).toContain("A bottleneck bounds the rank (Q6.2)");
  });

  it("are listed for a name that is none of them", async () => {
    await expect(run("xnor")).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining("chain-rule"),
      stderr: 'lesson: must be one of the list; got "xnor"\n\n',
    });
  });
});
