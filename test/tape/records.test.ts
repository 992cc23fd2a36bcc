/** Every record, written and read back; the disassembler's text. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BinaryFn, Fn, Form, LossFn, Opcode, ReduceFn, Targets } from "../../assembly/abi.ts";
import { tapeWriter } from "../../src/plan/writer.ts";
import { disassemble, disassembleRecord } from "../../src/tape/disassemble.ts";
import {
  encode,
  type Fields,
  formatOf,
  RECORDS,
  type RecordFormat,
  recordWords,
} from "../../src/tape/records.ts";
import { readTape } from "../../src/tape/verify.ts";

const OPCODES = Object.keys(RECORDS).map(Number) as Opcode[];
const BASE = 4096;

/** A record that keeps every rule: buffers one after another, dimensions and enum values from `next`. */
function validRecord(opcode: Opcode, rows: number, next: (below: number) => number) {
  const { operands } = formatOf(opcode) as RecordFormat;
  const fields: Record<string, number> = {};
  const resolved: Record<string, number> = {};
  const enums: Record<string, number> = { form: 3, targets: 2, words: 5 };
  for (const [name, { kind }] of Object.entries(operands)) {
    if (kind === "dim") {
      const d = next(5);
      // One dimension depends on the rows, as in records of graphs.
      fields[name] = name === "m" || name === "outer" || name === "d0" ? -d : d;
      resolved[name] = fields[name] < 0 ? d * rows : d;
    } else if (kind === "int") {
      fields[name] = resolved[name] = next(enums[name] ?? 3);
    } else if (kind === "f32") {
      fields[name] = resolved[name] = Math.fround(next(1000) / 7);
    }
  }
  const count = 1 + Object.keys(operands).length;
  let end = BASE + Math.ceil((count * 4) / 16) * 16;
  for (const [name, operand] of Object.entries(operands)) {
    if (operand.kind === "dim" || operand.kind === "int" || operand.kind === "f32") continue;
    const bytes =
      operand.kind === "scratch"
        ? operand.bytes(resolved)
        : operand.elements(resolved) * operand.elementBytes;
    fields[name] = resolved[name] = operand.kind !== "scratch" && operand.optional && next(2) === 0 ? 0 : end;
    end += Math.ceil(bytes / 16) * 16 + 16;
  }
  return { fields: fields as Fields<Opcode>, resolved, end };
}

describe.each(OPCODES.map((opcode) => [Opcode[opcode], opcode] as const))("%s", (_, opcode) => {
  const name = (formatOf(opcode) as RecordFormat).name;

  it("reads back what was written, whatever the operands", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.infiniteStream(fc.nat(1000)), (rows, numbers) => {
        const next = (below: number) => (numbers.next().value as number) % below;
        const { fields, resolved, end } = validRecord(opcode, rows, next);
        const words = Int32Array.from(encode(opcode, fields));
        expect(words).toHaveLength(recordWords(opcode));
        const bounds = { base: BASE, end, rows };
        const [record, ...others] = readTape(words, BASE, BASE + words.length * 4, bounds);
        expect(others).toEqual([]);
        expect(record.opcode).toBe(opcode);
        const { operands } = formatOf(opcode) as RecordFormat;
        const floats = new Float32Array(words.buffer);
        Object.keys(operands).forEach((operand, i) => {
          const got = operands[operand].kind === "f32" ? floats[1 + i] : record.operands[operand];
          expect(got + 0, operand).toBe(resolved[operand] + 0);
        });
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("is written by plans as the format says", () => {
    const { fields } = validRecord(opcode, 2, (below) => 1 % below);
    const encoded = encode(opcode, fields);
    const words = new Int32Array(encoded.length);
    const writer = tapeWriter(words, BASE);
    const ordered = Object.fromEntries(
      Object.keys((formatOf(opcode) as RecordFormat).operands).map((operand) => [
        operand,
        fields[operand as keyof Fields<Opcode>],
      ]),
    );
    writer.write(opcode, ordered as Fields<Opcode>);
    expect([...words]).toEqual(encoded);
    expect(writer.at).toBe(BASE + encoded.length * 4);
  });

  it("prints its name and each operand by name", () => {
    const { fields } = validRecord(opcode, 2, (below) => 1 % below);
    const text = disassembleRecord(Int32Array.from(encode(opcode, fields)), BASE, BASE);
    expect(text.split(" ")[0]).toBe(name);
    for (const operand of Object.keys((formatOf(opcode) as RecordFormat).operands))
      expect(text).toContain(` ${operand}=`);
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
        m: -1,
        n: 1,
        targets: Targets.Rows,
        parameter: 1,
      }),
    ).toMatchInlineSnapshot(
      `"loss fn=Huber loss=@16 dx=@0 scale=@0 p=@32 t=@48 m=rows n=1 targets=Rows parameter=1"`,
    );
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
      ...encode(Opcode.Gather, { y: 160, window: 320, index: 480, rows: -1, words: 3 }),
    ]);
    expect(disassemble(words, BASE, BASE + words.length * 4, BASE)).toMatchInlineSnapshot(`
      "4096: softmax y=@160 x=@160 m=rows n=3
      4116: gather y=@160 window=@320 index=@480 rows=rows words=3"
    `);
  });

  it("says so when it meets an unknown opcode", () => {
    expect(disassembleRecord(Int32Array.of(99), 0, 0)).toBe("unknown opcode 99");
  });
});
