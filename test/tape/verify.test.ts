/** Tapes broken by hand, one rule at a time, and what the reader says of each. */
import { describe, expect, it } from "vitest";
import { Fn, Header, LossFn, Opcode, RecordWord, Run } from "../../assembly/abi.ts";
import { TapeError } from "../../src/errors.ts";
import { encode, type Fields } from "../../src/tape/records.ts";
import { readTape } from "../../src/tape/verify.ts";

const BASE = 4096;
const END = 8192;
const ROWS = 3;

/** Where the run block and the records stand, in words. */
const RUN = Header.Count;
const TAPE = RUN + Run.Settings + 8;
const START = BASE + TAPE * 4;
/** Indices in the run block: 4 words a row, rows as targets, and no kind of targets. */
const FOUR_WORDS = Run.Settings + 1;
const ROW_TARGETS = Run.Settings + 2;
const NO_TARGETS = Run.Settings + 3;
const LESS_THAN_NONE = Run.Settings + 4;

function read(records: readonly (readonly number[])[], to?: number) {
  const tape = records.flat();
  const words = new Int32Array(TAPE + tape.length);
  words[Header.Run] = BASE + RUN * 4;
  words[RUN + FOUR_WORDS] = 4;
  words[RUN + ROW_TARGETS] = 0;
  words[RUN + NO_TARGETS] = 7;
  words[RUN + LESS_THAN_NONE] = -4;
  words.set(tape, TAPE);
  return readTape(words, START, START + (to ?? tape.length * 4), { base: BASE, end: END, rows: ROWS });
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
const gather = { y: 4608, window: 4864, index: 5120, rows: -1, words: FOUR_WORDS };
const softmaxGrad = { dx: 4608, dy: 4864, y: 5120, m: -1, n: 4 };
const sgd = { w: 4608, g: 4864, v: 5120, n: 8, hyper: 5376, rate: 0, mirror: 1024 };
const loss = {
  fn: LossFn.CrossEntropy,
  loss: 4608,
  dx: 4864,
  scale: 0,
  p: 5120,
  t: 5376,
  weights: 0,
  m: -1,
  n: 4,
  span: 1,
  targets: ROW_TARGETS,
  weighted: 0,
  parameter: 0,
  alpha: 0,
};
const advance = { x: 4608, factor: 4616 };
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
    "tape: what a record writes must not overlap its other operands; got dw and db in denseGradWeights dw=@4608 db=@4624 x=@5120 dy=@5376 m=4 n=2 k=rows scratch=@6144",
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
    "tape: what a record writes must not overlap its other operands; got w and g in sgd w=@4608 g=@4608 v=@5120 n=8 hyper=@5376 rate=group 0 mirror=+1024",
  ),
  broken(
    "a copy of what an update overwrites that lies over the state",
    Opcode.Sgd,
    sgd,
    { mirror: 512 },
    "tape: what a record writes must not overlap its other operands; got w.mirror and v in sgd w=@4608 g=@4864 v=@5120 n=8 hyper=@5376 rate=group 0 mirror=+512",
  ),
  broken(
    "a copy of what an update overwrites that reaches past the program",
    Opcode.Sgd,
    sgd,
    { mirror: 3568 },
    "tape: buffers must lie in [4096, 8192); got w.mirror at [8176, 8208) in sgd w=@4608 g=@4864 v=@5120 n=8 hyper=@5376 rate=group 0 mirror=+3568",
  ),
  broken(
    "a counter that is not aligned to its 8 bytes",
    Opcode.Advance,
    advance,
    { x: 4612 },
    "tape: buffers must be aligned to 8 bytes; got x at 4612 in advance x=@4612 factor=@4616",
  ),
  broken(
    "targets of a kind that is none",
    Opcode.Loss,
    loss,
    { targets: NO_TARGETS },
    "tape: targets must be one of its names; got 7 in loss fn=CrossEntropy loss=@4608 dx=@4864 scale=@0 p=@5120 t=@5376 weights=@0 m=rows n=4 span=1 targets=run[19] weighted=run[0] parameter=0 alpha=0",
  ),
  broken(
    "a negative extent",
    Opcode.Gather,
    gather,
    { words: LESS_THAN_NONE },
    "tape: extents must not be negative; got -48 bytes of y in gather y=@4608 window=@4864 index=@5120 rows=rows words=run[20]",
  ),
  broken(
    "an unknown function",
    Opcode.Unary,
    unary,
    { fn: 99 },
    "tape: fn must be one of its names; got 99 in unary fn=99 alpha=0 y=@4608 x=@4864 n=5 rows",
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
    const known = encode(Opcode.Unary, unary);
    expect(() => read([known, [99, 0, 0]])).toThrow(
      new TapeError(`tape: opcodes must be known; got 99 at ${START + 24}`),
    );
    expect(() => read([[0]])).toThrow(new TapeError(`tape: opcodes must be known; got 0 at ${START}`));
  });

  it("is refused: a record cut short", () => {
    const record = encode(Opcode.Unary, unary);
    const [first] = encode(Opcode.Softmax, { y: 160, x: 160, m: -1, n: 3 });
    expect(() => read([record], 20)).toThrow(
      new TapeError(`tape: records must be whole; got unary cut short at ${START}`),
    );
    expect(() => read([record, [first]])).toThrow(
      new TapeError(`tape: records must be whole; got softmax cut short at ${START + 24}`),
    );
  });

  it("is refused: a length that is not the record's", () => {
    const [first, ...operands] = encode(Opcode.Unary, unary);
    expect(() => read([[first + (1 << RecordWord.LengthShift), ...operands]])).toThrow(
      new TapeError(
        "tape: the first word must say that there are 6 words; got 7 in unary fn=Tanh alpha=0 y=@4608 x=@4864 n=5 rows",
      ),
    );
  });
});

describe("a tape", () => {
  it("may work in place where output and input are the same bytes", () => {
    const [record] = read([encode(Opcode.Unary, { ...unary, y: unary.x })]);
    expect(record.buffers).toEqual([
      { name: "y", kind: "out", from: 4864, to: 4924, isPrivate: false },
      { name: "x", kind: "in", from: 4864, to: 4924, isPrivate: false },
    ]);
  });

  it("may leave out what is optional, and name nothing for what is empty", () => {
    expect(() => read([encode(Opcode.Dense, { ...dense, bias: 0 })])).not.toThrow();
    expect(read([encode(Opcode.Unary, { ...unary, n: 0, y: 7, x: 9 })])[0].buffers).toEqual([]);
  });

  it("may read what another program of the space owns, and not write it", () => {
    const foreign = [[9216, 9280]] as const;
    const words = (record: readonly number[]) => {
      const all = new Int32Array(TAPE + record.length);
      all.set(record, TAPE);
      return all;
    };
    const readForeign = (change: Partial<Fields<Opcode.Unary>>) =>
      readTape(words(encode(Opcode.Unary, { ...unary, ...change })), START, START + 24, {
        base: BASE,
        end: END,
        rows: ROWS,
        foreign,
      });
    expect(readForeign({ x: 9216 })).toHaveLength(1);
    expect(() => readForeign({ x: 9232 })).toThrow("got x at [9232, 9292)");
    expect(() => readForeign({ y: 9216 })).toThrow("got y at [9216, 9276)");
  });

  it("tells where an update keeps what it overwrites, of each operand", () => {
    const [record] = read([encode(Opcode.Sgd, sgd)]);
    expect(record.buffers.map(({ name, kind, from }) => [name, kind, from])).toEqual([
      ["w", "inout", 4608],
      ["w.mirror", "out", 5632],
      ["g", "in", 4864],
      ["v", "inout", 5120],
      ["v.mirror", "out", 6144],
      ["hyper", "in", 5376],
    ]);
  });

  it("tells whether all parts wait before a record, and which operand is each part's own", () => {
    const records = read([encode(Opcode.Dense, dense), encode(Opcode.Unary, unary, true)]);
    expect(records.map(({ barrier }) => barrier)).toEqual([false, true]);
    expect(records[0].buffers.filter(({ isPrivate }) => isPrivate).map(({ name }) => name)).toEqual([
      "scratch",
    ]);
  });

  it("resolves settings by the run block", () => {
    const [record] = read([encode(Opcode.Gather, gather)]);
    expect(record.operands.words).toBe(4);
    expect(record.buffers[0]).toMatchObject({ name: "y", from: 4608, to: 4608 + ROWS * 4 * 4 });
  });

  it("resolves dimensions by the rows of the pass", () => {
    expect(read([encode(Opcode.Unary, unary)])[0].operands.n).toBe(5 * ROWS);
  });

  it("may be empty", () => {
    expect(read([])).toEqual([]);
  });
});
