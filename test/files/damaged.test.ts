/**
 * Damaged files: a typed error or the right content, without a hang or a crash. `DAMAGED=10000 npx vitest run
 * test/files/damaged.test.ts` takes more of them.
 */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  batchNorm,
  dropout,
  embedding,
  layerNorm,
  load,
  loadTrainer,
  loadWeights,
  model,
  readTensors,
  WasmgradError,
} from "../../src/index.ts";
import { contentDigest } from "../../src/program/file.ts";
import { readSafetensors, writeSafetensors } from "../../src/safetensors.ts";
import { NETWORKS } from "./networks.ts";

const COUNT = Number(process.env.DAMAGED ?? 1500);
const uses = [batchNorm, dropout, embedding, layerNorm, model];

const files = Object.values(NETWORKS).map(({ make, data }) => {
  const trainer = make();
  trainer.fitSync(data, { epochs: 2 });
  return { bytes: trainer.save({ training: true }), digest: trainer.digest(), trainer, x: data.x };
});

/** Draws that are the same in every run. */
function draws(seed: number) {
  let state = seed;
  const next = () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
  const below = (n: number) => Math.floor(next() * n);
  return { next, below, of: <T>(list: readonly T[]) => list[below(list.length)] };
}
type Draws = ReturnType<typeof draws>;

const JUNK: readonly unknown[] = [
  0,
  -1,
  1,
  0.5,
  7,
  1e9,
  2 ** 31,
  2 ** 53,
  -(2 ** 40),
  1e308,
  null,
  true,
  "",
  "NaN",
  "__proto__",
  "node",
  "dense",
  "exp",
  "Exp",
  "x".repeat(2000),
  [],
  {},
  [[]],
  ["node", 0, 0],
  ["input", "input"],
  [1e9, 1e9],
  { length: 5 },
  Array.from({ length: 40 }, () => 2),
];

/** Changes something somewhere in plain data. */
function edit(value: unknown, { below, of, next }: Draws): unknown {
  const root = { value: structuredClone(value) };
  let at: Record<string, unknown> = root;
  let key = "value";
  while (next() < 0.85) {
    const inner = at[key];
    if (typeof inner !== "object" || inner === null) break;
    const keys = Object.keys(inner);
    if (keys.length === 0) break;
    at = inner as Record<string, unknown>;
    key = of(keys);
  }
  const kind = below(6);
  if (kind === 0) delete at[key];
  else if (kind === 1 && typeof at[key] === "number") at[key] = (at[key] as number) + of([1, -1, 2, 1e6]);
  else if (kind === 2 && Array.isArray(at)) at.splice(Number(key), 0, structuredClone(at[key as never]));
  else if (kind === 3) {
    const other = of(Object.keys(at));
    [at[key], at[other]] = [at[other], at[key]];
  } else if (kind === 4) at[`${key}x`] = at[key];
  else at[key] = structuredClone(of(JUNK));
  return root.value;
}

/** The same file with its digest made anew, so that what reads the content meets it. */
function rewritten(bytes: Uint8Array, d: Draws): Uint8Array {
  const file = readSafetensors("test", bytes);
  const metadata = Object.fromEntries(file.metadata);
  let tensors = [...file.tensors.values()];
  for (let edits = 1 + d.below(3); edits > 0; edits--) {
    const what = d.below(10);
    if (what < 6) {
      const name = d.of(["model", "model", "model", "loss", "optimizer", "compile", "labels"]);
      const text = metadata[name] ?? "null";
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {}
      metadata[name] = JSON.stringify(edit(value, d)) ?? "";
    } else if (what === 6) metadata[d.of(Object.keys(metadata))] = String(d.of(JUNK));
    else if (what === 7) delete metadata[d.of(Object.keys(metadata))];
    else if (what === 8) tensors = tensors.filter(() => d.next() > 0.05);
    else {
      const i = d.below(tensors.length);
      const { data, shape, ...tensor } = tensors[i];
      const noise = data.map((byte) => (d.next() < 0.1 ? d.below(256) : byte));
      const changed = { ...tensor, data: noise, shape: d.next() < 0.3 ? [...shape].reverse() : shape };
      tensors = tensors.map((other, k) => (k === i ? changed : other));
    }
  }
  delete metadata.digest;
  return writeSafetensors(tensors, { ...metadata, digest: contentDigest(Object.entries(metadata), tensors) });
}

const DAMAGES: Readonly<Record<string, (bytes: Uint8Array, d: Draws) => Uint8Array>> = {
  "bits that flipped": (bytes, { below, of }) => {
    const damaged = bytes.slice();
    for (let flips = of([1, 1, 2, 50]); flips > 0; flips--) damaged[below(bytes.length)] ^= 1 << below(8);
    return damaged;
  },
  "ends that are missing, or surplus": (bytes, { below, next }) => {
    if (next() < 0.7) return bytes.slice(0, below(bytes.length));
    const longer = new Uint8Array(bytes.length + 1 + below(100));
    longer.set(bytes);
    return longer;
  },
  "a length of the header that is another": (bytes, { below, of }) => {
    const damaged = bytes.slice();
    const view = new DataView(damaged.buffer);
    const lengths = [
      0n,
      1n,
      2n ** 31n,
      2n ** 32n,
      2n ** 53n,
      2n ** 63n,
      2n ** 64n - 1n,
      BigInt(below(bytes.length)),
    ];
    view.setBigUint64(0, of(lengths), true);
    return damaged;
  },
  "a header with other numbers": (bytes, { below, of }) => {
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const text = new TextDecoder().decode(bytes.subarray(8, 8 + length));
    const numbers = [...text.matchAll(/\d+/g)];
    const { 0: number, index } = numbers[below(numbers.length)];
    const other = of(["0", "1", "8", "99999999999999999999", "-1", "1e300", "null", `${Number(number) * 2}`]);
    const header = new TextEncoder().encode(text.slice(0, index) + other + text.slice(index + number.length));
    const damaged = new Uint8Array(8 + header.length + bytes.length - 8 - length);
    new DataView(damaged.buffer).setBigUint64(0, BigInt(header.length), true);
    damaged.set(header, 8);
    damaged.set(bytes.subarray(8 + length), 8 + header.length);
    return damaged;
  },
  "blocks that changed places": (bytes, { below }) => {
    const damaged = bytes.slice();
    const [from, to, count] = [below(bytes.length), below(bytes.length), below(200)];
    damaged.copyWithin(to, from, from + count);
    return damaged;
  },
  "content that was edited, with a right digest": rewritten,
};

describe.each(Object.entries(DAMAGES))("%s", (name, damage) => {
  const share = name.startsWith("content") ? 0.5 : 0.1;

  it("give a typed error or the right content", { timeout: 600_000 }, () => {
    let refused = 0;
    let loaded = 0;
    const total = Math.ceil(COUNT * share);
    for (let i = 0; i < total; i++) {
      const d = draws(i * 6007 + 13);
      const { bytes, digest, trainer, x } = files[i % files.length];
      const damaged = damage(bytes, d);
      const isEdited = name.startsWith("content");
      for (const read of [
        () => load(damaged, { uses }),
        () => loadTrainer(damaged, { uses }),
        () => void loadWeights(trainer, damaged, { partial: true }),
        () => void readTensors(damaged),
      ]) {
        try {
          const made = read();
          loaded++;
          if (!made) continue;
          if (!isEdited) expect(made.digest()).toBe(digest);
          // What was loaded is whole: it computes, whatever that means.
          try {
            made.predict(x);
          } catch (error) {
            expect(error, `${error}`).toBeInstanceOf(WasmgradError);
          }
          made.dispose();
        } catch (error) {
          if (!(error instanceof WasmgradError)) throw new Error(`file ${i}: ${(error as Error)?.stack}`);
          refused++;
        }
      }
      if (!isEdited && i % 50 === 0) expect(trainer.digest()).toBe(digest);
    }
    expect(refused).toBeGreaterThan(total);
    if (name.startsWith("content")) expect(loaded).toBeGreaterThan(total / 4);
  });
});

describe("the memory that a large file takes", () => {
  const measure = (damage: string) => {
    const code = `
      import { compile, dense, load, sequential } from "./dist/index.js";
      import { readFileSync, writeFileSync } from "node:fs";
      const bytes = new Uint8Array(readFileSync(process.argv[1]));
      ${damage}
      const before = process.resourceUsage().maxRSS;
      let outcome = "loaded";
      try { load(bytes).predict(new Float32Array(2000)); } catch (error) { outcome = error.name; }
      console.log(JSON.stringify({ outcome, times: ((process.resourceUsage().maxRSS - before) * 1024) / bytes.length }));`;
    const make = `
      import { compile, dense, sequential } from "./dist/index.js";
      import { writeFileSync } from "node:fs";
      writeFileSync(process.argv[1], compile(sequential({ input: [2000] }, [dense(4000), dense(10)])).save());`;
    const path = join(tmpdir(), `wasmgrad-large-${process.pid}`);
    const run = (text: string) =>
      spawnSync(process.execPath, ["--input-type=module", "-e", text, path], {
        cwd: new URL("../..", import.meta.url).pathname,
        encoding: "utf8",
      });
    run(make);
    const { stdout } = run(code);
    rmSync(path);
    return JSON.parse(stdout) as { outcome: string; times: number };
  };

  it.each([
    ["whole", "", "loaded"],
    ["with a bit that flipped", "bytes[bytes.length - 5] ^= 1;", "FileError"],
    ["with a longer header", "new DataView(bytes.buffer).setUint32(0, 20_000_000, true);", "FileError"],
    ["that ends early", "bytes.fill(0, 9000);", "FileError"],
  ])("is at most four times its size: one %s", (_, damage, outcome) => {
    const measured = measure(damage);
    expect(measured.outcome).toBe(outcome);
    expect(measured.times).toBeLessThan(4);
  });
});
