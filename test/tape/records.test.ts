/** Every record, written and read back; the disassembler's text. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BinaryFn, Fn, Form, Header, LossFn, Opcode, ReduceFn, Run } from "../../assembly/abi.ts";
import { encodeRecords } from "../../src/plan/encode.ts";
import { disassemble, disassembleRecord } from "../../src/tape/disassemble.ts";
import { isBuffer, type RecordFormat } from "../../src/tape/operands.ts";
import {
  encode,
  type Fields,
  firstWord,
  formatOf,
  isBarrier,
  lengthOf,
  opcodeOf,
  RECORDS,
  recordWords,
  wordsOf,
} from "../../src/tape/records.ts";
import { readTape } from "../../src/tape/verify.ts";

const OPCODES = Object.keys(RECORDS).map(Number) as Opcode[];
const BASE = 4096;
/** Where the run block stands, in words. */
const RUN = Header.Count;
const SETTINGS = 8;
/** Where tapes start, in words. */
const TAPE = RUN + Run.Settings + SETTINGS;
/** Index in the run block of the settings of a record, and how far its mirrors are. */
const SETTING = Run.Settings + 3;
const MIRROR = 1 << 20;

/** A record that keeps every rule: buffers one after another, dimensions and enum values from `next`. */
function validRecord(opcode: Opcode, rows: number, next: (below: number) => number) {
  const format = formatOf(opcode) as RecordFormat;
  const fields: Record<string, number> = {};
  const resolved: Record<string, number> = {};
  const settings: number[] = [];
  for (const [name, operand] of wordsOf(format)) {
    const { kind } = operand;
    if (kind === "dim") {
      const d = next(5);
      // One dimension depends on the rows, as in records of graphs.
      fields[name] = ["m", "outer", "d0", "rows"].includes(name) ? -d : d;
      resolved[name] = fields[name] < 0 ? d * rows : d;
    } else if (kind === "int" || kind === "setting") {
      const names = operand.of && Object.values(operand.of).filter((v) => typeof v === "number");
      resolved[name] = next(names?.length ?? 2);
      fields[name] = kind === "setting" ? SETTING + settings.length : resolved[name];
      if (kind === "setting") settings.push(resolved[name]);
    } else if (kind === "f32") {
      fields[name] = resolved[name] = Math.fround(next(1000) / 7);
    } else if (kind === "rate") {
      fields[name] = resolved[name] = next(4);
    } else if (kind === "mirror") {
      fields[name] = resolved[name] = MIRROR;
    }
  }
  let end = BASE + Math.ceil((TAPE + recordWords(opcode)) / 4) * 16;
  for (const [name, operand] of wordsOf(format)) {
    if (!isBuffer(operand) && operand.kind !== "scratch") continue;
    const bytes =
      operand.kind === "scratch"
        ? operand.bytes(resolved)
        : operand.elements(resolved) * operand.elementBytes;
    fields[name] = resolved[name] = isBuffer(operand) && operand.optional && next(2) === 0 ? 0 : end;
    end += Math.ceil(bytes / 16) * 16 + 16;
  }
  return { fields: fields as Fields<Opcode>, resolved, settings, end: end + MIRROR };
}

/** The words of a program with these records, and their settings. */
function programOf(records: readonly number[], settings: readonly number[]): Int32Array {
  const words = new Int32Array(TAPE + records.length);
  words[Header.Run] = BASE + RUN * 4;
  words.set(settings, RUN + SETTING);
  words.set(records, TAPE);
  return words;
}

describe.each(OPCODES.map((opcode) => [Opcode[opcode], opcode] as const))("%s", (_, opcode) => {
  const format = formatOf(opcode) as RecordFormat;

  it("reads back what was written, whatever the operands", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.infiniteStream(fc.nat(1000)), (rows, numbers) => {
        const next = (below: number) => (numbers.next().value as number) % below;
        const { fields, resolved, settings, end } = validRecord(opcode, rows, next);
        const encoded = encode(opcode, fields);
        expect(encoded).toHaveLength(recordWords(opcode));
        const words = programOf(encoded, settings);
        const [record, ...others] = readTape(words, BASE + TAPE * 4, BASE + words.length * 4, {
          base: BASE,
          end,
          rows,
        });
        expect(others).toEqual([]);
        expect(record.opcode).toBe(opcode);
        const floats = new Float32Array(words.buffer);
        wordsOf(format).forEach(([operand, { kind }], i) => {
          const got = kind === "f32" ? floats[TAPE + 1 + i] : record.operands[operand];
          expect(got + 0, operand).toBe(resolved[operand] + 0);
        });
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("is written by plans as the format says, whatever the order of the fields", () => {
    const { fields } = validRecord(opcode, 2, (below) => 1 % below);
    const encoded = encode(opcode, fields);
    const words = new Int32Array(encoded.length + 4);
    const turned = Object.fromEntries(Object.entries<number>(fields).reverse());
    const unused = (): never => {
      throw new Error("every field is a number");
    };
    const next = encodeRecords(words, 2, [{ format, fields: turned }], {
      value: unused,
      region: unused,
      counter: unused,
      setting: unused,
      scratch: { shared: 0, private: 0 },
      mirror: MIRROR,
    });
    expect([...words]).toEqual([0, 0, ...encoded, 0, 0]);
    expect(next).toBe(2 + encoded.length);
  });

  it("says in its first word what it is, how long, and whether all parts wait", () => {
    for (const barrier of [false, true]) {
      const word = firstWord(opcode, barrier);
      expect([opcodeOf(word), lengthOf(word), isBarrier(word)]).toEqual([
        opcode,
        1 + wordsOf(format).length,
        barrier,
      ]);
    }
  });

  it("prints its name and each operand by name", () => {
    const { fields } = validRecord(opcode, 2, (below) => 1 % below);
    const text = disassembleRecord(Int32Array.from(encode(opcode, fields)), BASE, BASE);
    expect(text.split(" ")[0]).toBe(format.name);
    for (const [operand] of wordsOf(format)) expect(text).toContain(` ${operand}=`);
    expect(disassembleRecord(Int32Array.from(encode(opcode, fields, true)), BASE, BASE)).toBe(`| ${text}`);
  });
});

describe("the disassembler", () => {
  const record = <K extends Opcode>(opcode: K, fields: Fields<K>) =>
    disassembleRecord(Int32Array.from(encode(opcode, fields)), 0, 0);

  it("prints enum values by name, dimensions as multiples of the rows, addresses after @", () => {
    expect(
      record(Opcode.MatMul, {
        form: Form.NT,
        c: 64,
        a: 128,
        b: 0x80000010 | 0,
        m: -1,
        n: -3,
        k: 7,
        scratch: 256,
      }),
    ).toMatchInlineSnapshot(`"matMul form=NT c=@64 a=@128 b=@2147483664 m=rows n=3 rows k=7 scratch=@256"`);
    expect(record(Opcode.Unary, { fn: Fn.Elu, alpha: 0.5, y: 16, x: 32, n: -8 })).toMatchInlineSnapshot(
      `"unary fn=Elu alpha=0.5 y=@16 x=@32 n=8 rows"`,
    );
    expect(
      record(Opcode.Reduce, { fn: ReduceFn.Mean, y: 16, x: 32, outer: 1, n: -1, inner: 8 }),
    ).toMatchInlineSnapshot(`"reduce fn=Mean y=@16 x=@32 outer=1 n=rows inner=8"`);
    expect(
      record(Opcode.Loss, {
        fn: LossFn.Huber,
        loss: 16,
        dx: 0,
        scale: 0,
        p: 32,
        t: 48,
        weights: 0,
        m: -1,
        n: 1,
        span: 1,
        targets: 19,
        weighted: 0,
        parameter: 1,
        alpha: 0,
      }),
    ).toMatchInlineSnapshot(
      `"loss fn=Huber loss=@16 dx=@0 scale=@0 p=@32 t=@48 weights=@0 m=rows n=1 span=1 targets=run[19] weighted=run[0] parameter=1 alpha=0"`,
    );
    expect(
      record(Opcode.Sgd, { w: 16, g: 32, v: 0, n: 4, hyper: 48, rate: 1, mirror: 1024 }),
    ).toMatchInlineSnapshot(`"sgd w=@16 g=@32 v=@0 n=4 hyper=@48 rate=group 1 mirror=+1024"`);
    expect(
      record(Opcode.Binary, {
        fn: BinaryFn.Multiply,
        y: 16,
        a: 32,
        b: 48,
        d0: 1,
        d1: 1,
        d2: -1,
        d3: 4,
        as0: 0,
        as1: 0,
        as2: 4,
        as3: 1,
        bs0: 0,
        bs1: 0,
        bs2: 0,
        bs3: 1,
      }),
    ).toMatchInlineSnapshot(
      `"binary fn=Multiply y=@16 a=@32 b=@48 d0=1 d1=1 d2=rows d3=4 as0=0 as1=0 as2=4 as3=1 bs0=0 bs1=0 bs2=0 bs3=1"`,
    );
  });

  it("prints one record a line after its address", () => {
    const words = Int32Array.from([
      ...encode(Opcode.Softmax, { y: 160, x: 160, m: -1, n: 3 }),
      ...encode(Opcode.Gather, { y: 160, window: 320, index: 480, rows: -1, words: 18 }, true),
    ]);
    expect(disassemble(words, BASE, BASE + words.length * 4, BASE)).toMatchInlineSnapshot(`
      "4096: softmax y=@160 x=@160 m=rows n=3
      4116: | gather y=@160 window=@320 index=@480 rows=rows words=run[18]"
    `);
  });

  it("says so when it meets an unknown opcode", () => {
    expect(disassembleRecord(Int32Array.of(99), 0, 0)).toBe("unknown opcode 99");
  });
});
