/** Tapes broken by hand, one rule at a time, and what the reader says of each. */
import { describe, expect, it } from "vitest";
import { Fn, Opcode } from "../../assembly/abi.ts";
import { TapeError } from "../../src/errors.ts";
import { encode, type Fields } from "../../src/tape/records.ts";
import { readTape } from "../../src/tape/verify.ts";

const BASE = 4096;
const END = 8192;
const ROWS = 3;

function read(records: readonly (readonly number[])[], to?: number) {
  const words = Int32Array.from(records.flat());
  return readTape(words, BASE, BASE + (to ?? words.length * 4), { base: BASE, end: END, rows: ROWS });
}

const unary = { fn: Fn.Tanh, alpha: 0, y: 4608, x: 4864, n: -5 };
const dense = {
  y: 4608,
  x: 4864,
  w: 5120,
  bias: 5376,
  m: -1,
  n: 4,
  k: 2,
  fn: Fn.Identity,
  alpha: 0,
  scratch: 6144,
};
const gather = { y: 4608, window: 4864, index: 5120, rows: -1, words: 4 };
const softmaxGrad = { dx: 4608, dy: 4864, y: 5120, m: -1, n: 4 };
const sgd = { w: 4608, g: 4864, v: 5120, n: 8, hyper: 5376, counters: 5632 };
const denseGradWeights = {
  dw: 4608,
  db: 4864,
  x: 5120,
  dy: 5376,
  m: 4,
  n: 2,
  k: -1,
  scratch: 6144,
};

/** A case: what is changed in a record that was right, and the message. */
const broken = <K extends Opcode>(
  what: string,
  opcode: K,
  right: Fields<K>,
  change: Partial<Fields<K>>,
  message: string,
) => ({ what, record: encode(opcode, { ...right, ...change }), right: encode(opcode, right), message });

const CASES = [
  broken(
    "a misaligned buffer",
    Opcode.Unary,
    unary,
    { y: 4612 },
    "tape: buffers must be aligned to 16 bytes; got y at 4612 in unary fn=Tanh alpha=0 y=@4612 x=@4864 n=5 rows",
  ),
  broken(
    "a buffer before the program",
    Opcode.Unary,
    unary,
    { x: 4032 },
    "tape: buffers must lie in [4096, 8192); got x at [4032, 4092) in unary fn=Tanh alpha=0 y=@4608 x=@4032 n=5 rows",
  ),
  broken(
    "a buffer that reaches past the program",
    Opcode.Unary,
    unary,
    { x: 8144 },
    "tape: buffers must lie in [4096, 8192); got x at [8144, 8204) in unary fn=Tanh alpha=0 y=@4608 x=@8144 n=5 rows",
  ),
  broken(
    "an address beyond 2 GiB",
    Opcode.Unary,
    unary,
    { x: 0x80000000 | 0 },
    "tape: buffers must lie in [4096, 8192); got x at [2147483648, 2147483708) in unary fn=Tanh alpha=0 y=@4608 x=@2147483648 n=5 rows",
  ),
  broken(
    "scratch that reaches past the program",
    Opcode.Dense,
    dense,
    { scratch: 8176 },
    "tape: buffers must lie in [4096, 8192); got scratch at [8176, 8400) in dense y=@4608 x=@4864 w=@5120 bias=@5376 m=rows n=4 k=2 fn=Identity alpha=0 scratch=@8176",
  ),
  broken(
    "an output that overlaps an input in part",
    Opcode.Unary,
    unary,
    { y: 4880 },
    "tape: what a record writes must not overlap its other operands; got y and x in unary fn=Tanh alpha=0 y=@4880 x=@4864 n=5 rows",
  ),
  broken(
    "an output over an input of another size",
    Opcode.Dense,
    dense,
    { y: 4864 },
    "tape: what a record writes must not overlap its other operands; got y and x in dense y=@4864 x=@4864 w=@5120 bias=@5376 m=rows n=4 k=2 fn=Identity alpha=0 scratch=@6144",
  ),
  broken(
    "two outputs that overlap",
    Opcode.DenseGradWeights,
    denseGradWeights,
    { db: 4624 },
    "tape: what a record writes must not overlap its other operands; got dw and db in denseGradWeights path=Direct dw=@4608 db=@4624 x=@5120 dy=@5376 m=4 n=2 k=rows scratch=@6144",
  ),
  broken(
    "scratch over an input",
    Opcode.Dense,
    dense,
    { scratch: 5120 },
    "tape: what a record writes must not overlap its other operands; got scratch and w in dense y=@4608 x=@4864 w=@5120 bias=@5376 m=rows n=4 k=2 fn=Identity alpha=0 scratch=@5120",
  ),
  broken(
    "state that overlaps a gradient",
    Opcode.Sgd,
    sgd,
    { g: 4608 },
    "tape: what a record writes must not overlap its other operands; got w and g in sgd w=@4608 g=@4608 v=@5120 n=8 hyper=@5376 counters=@5632",
  ),
  broken(
    "a negative extent",
    Opcode.Gather,
    gather,
    { words: -4 },
    "tape: extents must not be negative; got -48 bytes of y in gather y=@4608 window=@4864 index=@5120 rows=rows words=-4",
  ),
  broken(
    "an unknown function",
    Opcode.Unary,
    unary,
    { fn: Fn.Square + 1 },
    "tape: fn must be one of 0 to 18; got 19 in unary fn=19 alpha=0 y=@4608 x=@4864 n=5 rows",
  ),
  broken(
    "a negative enum value",
    Opcode.Dense,
    dense,
    { fn: -1 },
    "tape: fn must be one of its names; got -1 in dense y=@4608 x=@4864 w=@5120 bias=@5376 m=rows n=4 k=2 fn=-1 alpha=0 scratch=@6144",
  ),
  broken(
    "an operand that is missing",
    Opcode.SoftmaxGrad,
    softmaxGrad,
    { dy: 0 },
    "tape: dy must be given; got offset 0 in softmaxGrad dx=@4608 dy=@0 y=@5120 m=rows n=4",
  ),
];

describe("a tape with a broken record", () => {
  it.each(CASES)("is refused: $what", ({ record, right, message }) => {
    expect(() => read([right])).not.toThrow();
    expect(() => read([record])).toThrow(new TapeError(message));
    // Wherever it stands.
    expect(() => read([right, record])).toThrow(TapeError);
  });

  it("is refused: an unknown opcode", () => {
    expect(() => read([encode(Opcode.Unary, unary), [99, 0, 0]])).toThrow(
      new TapeError("tape: opcodes must be known; got 99 at 4120"),
    );
    expect(() => read([[0]])).toThrow(new TapeError("tape: opcodes must be known; got 0 at 4096"));
  });

  it("is refused: a record cut short", () => {
    expect(() => read([encode(Opcode.Unary, unary)], 20)).toThrow(
      new TapeError("tape: records must be whole; got unary cut short at 4096"),
    );
    expect(() => read([encode(Opcode.Unary, unary), [Opcode.Softmax]])).toThrow(
      new TapeError("tape: records must be whole; got softmax cut short at 4120"),
    );
  });
});

describe("a tape", () => {
  it("may work in place where output and input are the same bytes", () => {
    const [record] = read([encode(Opcode.Unary, { ...unary, y: unary.x })]);
    expect(record.buffers).toEqual([
      { name: "y", kind: "out", from: 4864, to: 4924 },
      { name: "x", kind: "in", from: 4864, to: 4924 },
    ]);
  });

  it("may leave out what is optional, and name nothing for what is empty", () => {
    expect(() => read([encode(Opcode.Dense, { ...dense, bias: 0 })])).not.toThrow();
    expect(read([encode(Opcode.Unary, { ...unary, n: 0, y: 7, x: 9 })])[0].buffers).toEqual([]);
  });

  it("resolves dimensions by the rows of the pass", () => {
    expect(read([encode(Opcode.Unary, unary)])[0].operands.n).toBe(5 * ROWS);
  });

  it("may be empty", () => {
    expect(read([])).toEqual([]);
  });
});
