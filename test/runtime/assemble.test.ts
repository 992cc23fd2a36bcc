import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Header, Opcode } from "../../assembly/abi.ts";
import { DEEP } from "../../src/kernels/deep.wasm.ts";
import { EXTENDED } from "../../src/kernels/extended.wasm.ts";
import type { KernelLink } from "../../src/kernels/link.ts";
import { PREDICT, STATIC_END } from "../../src/kernels/predict.wasm.ts";
import { RELAXED } from "../../src/kernels/relaxed.wasm.ts";
import { TRAIN } from "../../src/kernels/train.wasm.ts";
import { assemble } from "../../src/runtime/assemble.ts";
import { LINKS } from "../../src/tape/operands.ts";
import { firstWord, RECORDS } from "../../src/tape/records.ts";
import { runRecord } from "../kernels/harness.ts";

const bytesOf = (link: KernelLink) => Buffer.from(assemble(link));
const exportsOf = (link: KernelLink) =>
  WebAssembly.Module.exports(new WebAssembly.Module(bytesOf(link)))
    .map(({ name }) => name)
    .sort();

const PROGRAM = 8192;
const RUN = PROGRAM + Header.Count * 4;
const TAPE = RUN + 1024;

const ALWAYS = [
  "abiVersion",
  "execute",
  "isRelaxed",
  "maxMagnitude",
  "randomFill",
  "setKeepsOrder",
  "staticEnd",
];

describe("the kernels, put together from their links", () => {
  it("are the whole binary with the last link, byte by byte", () => {
    const whole = readFileSync(new URL("../../build/release.wasm", import.meta.url));
    expect(bytesOf(DEEP).equals(whole)).toBe(true);
  });

  it.each([PREDICT, TRAIN, EXTENDED, DEEP, RELAXED])(
    "are text that neither scripts nor pages escape",
    ({ text }) => {
      expect(text).toMatch(/^[!#-[\]-~]+$/);
      expect(text).not.toMatch(/<(\/script|!--)/i);
    },
  );

  it("are smaller without the last ones", () => {
    const [predict, train, extended] = [PREDICT, TRAIN, EXTENDED].map((link) => bytesOf(link).length);
    expect(predict).toBeLessThan(0.8 * train);
    expect(train).toBeLessThan(0.8 * extended);
  });

  it("export what their programs call", () => {
    const trains = [...ALWAYS, "hasNegative", "permute", "run", "step"].sort();
    expect(exportsOf(PREDICT)).toEqual(ALWAYS);
    expect(exportsOf(TRAIN)).toEqual(trains);
    expect(exportsOf(EXTENDED)).toEqual(trains);
    expect(exportsOf(DEEP)).toEqual(trains);
  });

  it("leave the same memory to programs, whichever build it is", () => {
    for (const link of [PREDICT, TRAIN, EXTENDED, DEEP]) {
      const env = { memory: new WebAssembly.Memory({ initial: 1 }) };
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytesOf(link)), { env });
      expect((exports.staticEnd as () => number)()).toBe(STATIC_END);
    }
  });

  it("stand in the order of the links that records name", () => {
    expect([PREDICT, TRAIN, EXTENDED, DEEP].map(({ level }) => LINKS[level])).toEqual([...LINKS]);
  });

  it("compute a record of the first link with the first link alone", () => {
    const module = new WebAssembly.Module(bytesOf(PREDICT));
    const x = Float32Array.of(1, 1);
    expect([...runRecord(Opcode.Softmax, { y: "out", x, m: 1, n: 2 }, 1, { module }).y]).toEqual([0.5, 0.5]);
  });

  // The smallest products of these stand inline in the dispatch.
  const INLINE = ["denseGradWeights", "denseGradInput"];
  const later = Object.entries(RECORDS).filter(
    ([, { link, name }]) => link !== "predict" && !INLINE.includes(name),
  );

  it.each(later)("trap on a record of a later link: %s", (opcode, { link: own }) => {
    const run = (link: KernelLink) => {
      const memory = new WebAssembly.Memory({ initial: 1 });
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytesOf(link)), {
        env: { memory },
      });
      // A header, a run block and a record of nothing but zeros: no rows, no elements.
      const words = new Int32Array(memory.buffer);
      words[PROGRAM / 4 + Header.Run] = RUN;
      words[TAPE / 4] = firstWord(Number(opcode));
      (exports.execute as (...args: number[]) => void)(PROGRAM, TAPE, TAPE + 4, 0, 1);
    };
    for (const link of [PREDICT, TRAIN, EXTENDED].slice(0, LINKS.indexOf(own)))
      expect(() => run(link)).toThrow("unreachable");
  });
});
