/**
 * The format of every record, as data: what the tape writer encodes, the disassembler prints and `verify`
 * checks. `assembly/interpreter.ts` decodes the same words in the same order.
 */
import { Counter, Hyper, Opcode, Targets } from "../../assembly/abi.ts";
import { f32Word } from "./float-word.ts";
import { productScratchBytes } from "./product-path.ts";

/** Operand values of one record by name, dimensions resolved to elements. */
export type Resolved = Readonly<Record<string, number>>;

export type Operand =
  /** A buffer: how many elements it spans; `optional` allows offset 0 for none. */
  | {
      readonly kind: "in" | "out" | "inout";
      readonly elements: (r: Resolved) => number;
      readonly elementBytes: 4 | 8;
      readonly optional: boolean;
    }
  /** A working area whose content means nothing before or after. */
  | { readonly kind: "scratch"; readonly bytes: (r: Resolved) => number }
  /** A dimension or stride: `d < 0` stands for `-d` times the rows of the pass. */
  | { readonly kind: "dim" }
  | { readonly kind: "int" }
  | { readonly kind: "f32" };

type Span = (r: Resolved) => number;

const buffer = (kind: "in" | "out" | "inout", elements: Span, optional = false, elementBytes: 4 | 8 = 4) =>
  ({ kind, elements, elementBytes, optional }) as const;
const input = (elements: Span) => buffer("in", elements);
const output = (elements: Span) => buffer("out", elements);
const inout = (elements: Span) => buffer("inout", elements);
const optional = (kind: "in" | "out" | "inout", elements: Span) => buffer(kind, elements, true);
const doubles = (kind: "in" | "inout", count: number) => buffer(kind, () => count, false, 8);
const scratch = { kind: "scratch", bytes: (r: Resolved) => productScratchBytes(r) } as const;
const dim = { kind: "dim" } as const;
const int = { kind: "int" } as const;
const f32 = { kind: "f32" } as const;

const mn: Span = (r) => r.m * r.n;
const mk: Span = (r) => r.m * r.k;
const nk: Span = (r) => r.n * r.k;
const n: Span = (r) => r.n;
const reduced: Span = (r) => r.outer * r.inner;
const unreduced: Span = (r) => r.outer * r.n * r.inner;
const loops: Span = (r) => r.d0 * r.d1 * r.d2 * r.d3;

/** Elements from the first to the last that four nested strided loops touch. */
const strided =
  (s: string): Span =>
  (r) => {
    if (loops(r) === 0) return 0;
    let last = 0;
    for (let i = 0; i < 4; i++) last += (r[`d${i}`] - 1) * r[`${s}${i}`];
    return last + 1;
  };

const fourLoops = { d0: dim, d1: dim, d2: dim, d3: dim } as const;

export const RECORDS = {
  [Opcode.MatMul]: {
    name: "matMul",
    operands: {
      form: int,
      path: int,
      c: output(mn),
      a: input(mk),
      b: input(nk),
      m: dim,
      n: dim,
      k: dim,
      scratch,
    },
  },
  [Opcode.Dense]: {
    name: "dense",
    operands: {
      path: int,
      y: output(mn),
      x: input(mk),
      w: input(nk),
      bias: optional("in", n),
      m: dim,
      n: dim,
      k: dim,
      fn: int,
      alpha: f32,
      scratch,
    },
  },
  [Opcode.DenseGradWeights]: {
    name: "denseGradWeights",
    operands: {
      path: int,
      dw: output(mn),
      db: optional("out", n),
      x: input(mk),
      dy: input(nk),
      m: dim,
      n: dim,
      k: dim,
      scratch,
    },
  },
  [Opcode.DenseGradInput]: {
    name: "denseGradInput",
    operands: {
      path: int,
      dx: output(mn),
      dy: input(mk),
      w: input(nk),
      m: dim,
      n: dim,
      k: dim,
      fn: int,
      alpha: f32,
      y: optional("in", mn),
      scratch,
    },
  },
  [Opcode.Unary]: { name: "unary", operands: { fn: int, alpha: f32, y: output(n), x: input(n), n: dim } },
  [Opcode.UnaryGrad]: {
    name: "unaryGrad",
    operands: { fn: int, alpha: f32, dx: output(n), dy: input(n), s: input(n), n: dim },
  },
  [Opcode.Accumulate]: {
    name: "accumulate",
    operands: { y: output(n), a: input(n), b: input(n), n: dim },
  },
  [Opcode.Place]: {
    name: "place",
    operands: { y: output(n), x: input((r) => (r.every === 1 ? r.n : 1)), n: dim, every: int },
  },
  [Opcode.Binary]: {
    name: "binary",
    operands: {
      fn: int,
      y: output(loops),
      a: input(strided("as")),
      b: input(strided("bs")),
      ...fourLoops,
      as0: dim,
      as1: dim,
      as2: dim,
      as3: dim,
      bs0: dim,
      bs1: dim,
      bs2: dim,
      bs3: dim,
    },
  },
  [Opcode.Copy]: {
    name: "copy",
    operands: {
      y: output(loops),
      x: input(strided("s")),
      divisor: dim,
      ...fourLoops,
      s0: dim,
      s1: dim,
      s2: dim,
      s3: dim,
    },
  },
  [Opcode.Reduce]: {
    name: "reduce",
    operands: { fn: int, y: output(reduced), x: input(unreduced), outer: dim, n: dim, inner: dim },
  },
  [Opcode.MaxGrad]: {
    name: "maxGrad",
    operands: {
      dx: output(unreduced),
      dy: input(reduced),
      x: input(unreduced),
      y: input(reduced),
      outer: dim,
      n: dim,
      inner: dim,
    },
  },
  [Opcode.Softmax]: { name: "softmax", operands: { y: output(mn), x: input(mn), m: dim, n: dim } },
  [Opcode.SoftmaxGrad]: {
    name: "softmaxGrad",
    operands: { dx: output(mn), dy: input(mn), y: input(mn), m: dim, n: dim },
  },
  [Opcode.LogSoftmax]: { name: "logSoftmax", operands: { y: output(mn), x: input(mn), m: dim, n: dim } },
  [Opcode.LogSoftmaxGrad]: {
    name: "logSoftmaxGrad",
    operands: { dx: output(mn), dy: input(mn), y: input(mn), m: dim, n: dim },
  },
  [Opcode.Loss]: {
    name: "loss",
    operands: {
      fn: int,
      loss: optional("out", () => 1),
      dx: optional("out", mn),
      scale: optional("in", () => 1),
      p: input(mn),
      t: input((r) => (r.targets === Targets.Labels ? r.m : r.m * r.n)),
      m: dim,
      n: dim,
      targets: int,
      parameter: f32,
    },
  },
  [Opcode.Sgd]: {
    name: "sgd",
    operands: {
      w: inout(n),
      g: input(n),
      v: optional("inout", n),
      n: dim,
      hyper: doubles("in", Hyper.Count),
      counters: doubles("inout", Counter.Count),
    },
  },
  [Opcode.Adam]: {
    name: "adam",
    operands: {
      w: inout(n),
      g: input(n),
      m: inout(n),
      v: inout(n),
      n: dim,
      hyper: doubles("in", Hyper.Count),
      counters: doubles("inout", Counter.Count),
    },
  },
  [Opcode.Gather]: {
    name: "gather",
    operands: {
      y: output((r) => r.rows * r.words),
      /** how far it reaches depends on the indices, which the machine keeps inside the window */
      window: input((r) => r.words),
      index: input((r) => r.rows),
      rows: dim,
      words: int,
    },
  },
} as const satisfies Record<Opcode, { name: string; operands: Record<string, Operand> }>;

export type Fields<K extends Opcode> = {
  [F in keyof (typeof RECORDS)[K]["operands"]]: number;
};

export interface RecordFormat {
  readonly name: string;
  readonly operands: Readonly<Record<string, Operand>>;
}

export const formatOf = (opcode: number): RecordFormat | undefined =>
  (RECORDS as Readonly<Record<number, RecordFormat>>)[opcode];

/** The words of one record; `f32` operands are given as numbers. */
export function encode<K extends Opcode>(opcode: K, fields: Fields<K>): number[] {
  const words: number[] = [opcode];
  const { operands } = formatOf(opcode) as RecordFormat;
  for (const name in operands) {
    const value = (fields as Record<string, number>)[name];
    words.push(operands[name].kind === "f32" ? f32Word(value) : value | 0);
  }
  return words;
}

export const recordWords = (opcode: number): number => 1 + Object.keys(formatOf(opcode)!.operands).length;
