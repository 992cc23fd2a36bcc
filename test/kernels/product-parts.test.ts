/** Products and what is fused to them, computed in parts. */
import { describe, expect, it } from "vitest";
import { Fn, Form, Gemm, Opcode } from "../../assembly/abi.ts";
import { difference, values } from "./compare.ts";
import { type RunOptions, runRecord, type Written } from "./harness.ts";
import { mutant } from "./mutant.ts";
import { ENGINES, FORMS } from "./product.ts";

type Run = (options: RunOptions) => Written;

/** An output of a record: n columns of m rows. */
interface Output {
  readonly name: string;
  readonly m: number;
  readonly n: number;
}

interface Case {
  readonly name: string;
  readonly run: Run;
  readonly outputs: readonly Output[];
  readonly multiplications: number;
}

const ALPHA = 0.25;

function casesOf(m: number, n: number, k: number): Case[] {
  const a = values(m * k, 1);
  const b = values(k * n, 2);
  const y = values(m * n, 3);
  const dims = { m, n, k, scratch: 0 } as const;
  const shape = `${m} x ${k} x ${n}`;
  const made = (name: string, outputs: readonly Output[], run: Run): Case => ({
    name: `${name} ${shape}`,
    run,
    outputs,
    multiplications: m * n * k,
  });
  return [
    ...FORMS.map((form) =>
      made(`matMul ${Form[form]}`, [{ name: "c", m, n }], (options) =>
        runRecord(Opcode.MatMul, { form, c: "out", a, b, ...dims }, 1, options),
      ),
    ),
    ...[Fn.Identity, Fn.LeakyRelu, Fn.Tanh].flatMap((fn) => [
      made(`dense ${Fn[fn]}`, [{ name: "y", m, n }], (options) =>
        runRecord(
          Opcode.Dense,
          { y: "out", x: a, w: b, bias: values(n, 4), ...dims, fn, alpha: ALPHA },
          1,
          options,
        ),
      ),
      made(`denseGradInput ${Fn[fn]}`, [{ name: "dx", m, n }], (options) =>
        runRecord(
          Opcode.DenseGradInput,
          { dx: "out", dy: a, w: b, ...dims, fn, alpha: ALPHA, y: fn === Fn.Identity ? null : y },
          1,
          { ...options, last: fn === Fn.Identity ? "w" : "y" },
        ),
      ),
    ]),
    made(
      "denseGradWeights",
      [
        { name: "dw", m, n },
        { name: "db", m: 1, n },
      ],
      (options) =>
        runRecord(Opcode.DenseGradWeights, { dw: "out", db: "out", x: a, dy: b, ...dims }, 1, options),
    ),
  ];
}

const SHAPES = [
  // below the grain
  [4, 8, 2],
  [4, 1, 8],
  [0, 5, 3],
  [5, 0, 3],
  [6, 7, 0],
  // straight from the operands
  [1, 70, 100],
  [70, 1, 100],
  [5, 9, 128],
  [9, 20, 40],
  [17, 10, 784],
  [15, 67, 19],
  [3, 530, 30],
  [530, 13, 3],
  // packed, of which some parts are not
  [16, 40, 64],
  [33, 67, 19],
  [64, 64, 64],
  [250, 63, 33],
  [40, 530, 70],
  // columns and rows past a tile
  [21, 33, 300],
  [33, 8, 300],
] as const;

/** The last is more than there are tiles in most shapes. */
const PARTS = [2, 3, 5, 7, 23];

/** Runs every part alone, and says what is wrong with what it writes, or undefined. */
function fault(
  { run, outputs, multiplications }: Case,
  parts: number,
  options: RunOptions,
): string | undefined {
  const whole = run({ ...options, parts: 1 });
  const owner = outputs.map(({ m, n }) => new Int32Array(m * n).fill(-1));
  for (let part = 0; part < parts; part++) {
    const alone = run({ ...options, parts, order: [part] });
    for (const [o, { name, m, n }] of outputs.entries()) {
      const written = alone[name];
      const rows = new Set<number>();
      const columns = new Set<number>();
      let count = 0;
      for (let i = 0; i < m * n; i++) {
        if (Number.isNaN(written[i])) continue;
        const wrong = difference(written.subarray(i, i + 1), whole[name].subarray(i, i + 1));
        if (wrong) return `part ${part} of ${parts}, ${name}[${i}]: ${wrong}`;
        if (owner[o][i] >= 0) return `parts ${owner[o][i]} and ${part} of ${parts} write ${name}[${i}]`;
        owner[o][i] = part;
        rows.add(Math.floor(i / n));
        columns.add(i % n);
        count++;
      }
      if (count !== rows.size * columns.size) return `part ${part} of ${parts} writes no block of ${name}`;
      const tile = columns.size < n || m === 1 ? Gemm.NR * m : Gemm.MR * n;
      const share = name === "db" ? multiplications / outputs[0].m : multiplications;
      if (share < Gemm.ShareGrain) {
        if (part > 0 && count > 0) return `part ${part} of ${parts} shares ${name}, which is below the grain`;
      } else if (count > (m * n) / parts + tile)
        return `part ${part} of ${parts} writes ${count} of ${m * n} elements of ${name}`;
    }
  }
  for (const [o, { name }] of outputs.entries()) {
    const missing = owner[o].indexOf(-1);
    if (missing >= 0) return `no part of ${parts} writes ${name}[${missing}]`;
  }
  return undefined;
}

/** In reverse, and from the middle out. */
const orders = (parts: number) => {
  const ascending = Array.from({ length: parts }, (_, i) => i);
  return [[...ascending].reverse(), ascending.map((i) => (i * 3 + 1) % parts)];
};

describe.each(SHAPES)("parts of %i x %i, sums of %i", (m, n, k) => {
  it("write disjoint blocks, no more than a share and a tile, with the bits of the whole", () => {
    for (const one of casesOf(m, n, k))
      for (const parts of PARTS) {
        // every tile and every kind is compared with the oracle for both kinds of engines: here they take turns
        const engine = ENGINES[(parts >> 1) % 2];
        if (parts < 8 || m * n * k < 60_000) expect(fault(one, parts, engine), one.name).toBeUndefined();
      }
  });

  it("give the whole in any order", () => {
    for (const { run, outputs, name } of casesOf(m, n, k)) {
      const whole = run({});
      for (const parts of [2, 5, 7])
        for (const order of orders(parts)) {
          const got = run({ parts, order });
          for (const output of outputs)
            expect(difference(got[output.name], whole[output.name]), name).toBeUndefined();
        }
    }
  });
});

describe("parts of sums over more rows than a group", () => {
  it("write disjoint blocks with the bits of the whole", () => {
    for (const [m, n] of [
      [1, 40],
      [40, 1],
      [9, 20],
      [18, 34],
    ])
      for (const one of casesOf(m, n, Gemm.RowGroup + 3))
        if (/TN|GradWeights/.test(one.name))
          for (const parts of [2, 3, 7]) expect(fault(one, parts, {}), one.name).toBeUndefined();
  });
});

describe("a broken build", () => {
  const find = (name: string, m: number, n: number, k: number) =>
    casesOf(m, n, k).find((one) => one.name.startsWith(name)) as Case;

  it.each([
    {
      what: "a part that computes one column too many",
      mutation: [
        "kernels/dense.ts",
        "bias += <usize>from << 2;\n      n = units;",
        "bias += <usize>from << 2;\n      n = units + (part + 1 < parts ? 1 : 0);",
      ],
      record: "dense Identity",
    },
    {
      what: "a function that takes all of the rows that a part has columns of",
      mutation: [
        "kernels/dense.ts",
        "else unaryColumns(fn, alpha, y, ld, m, n, scratch)",
        "else unary(fn, alpha, y, y, m * n, 0, 1)",
      ],
      record: "dense Tanh",
    },
    {
      what: "a narrow strip that writes past its columns",
      mutation: ["kernels/gemm/direct.ts", "const gapless = ldc == <usize>n << 2;", "const gapless = true;"],
      record: "matMul NN",
    },
    {
      what: "all the work in one part",
      mutation: ["kernels/gemm/share.ts", "< Gemm.ShareGrain) return", ">= 0) return"],
      record: "denseGradInput Identity",
    },
  ])("is noticed: $what", async ({ mutation: [file, right, wrong], record }) => {
    // eight parts: the last has five columns
    const one = find(record, 24, 61, 33);
    expect(fault(one, 8, {})).toBeUndefined();
    let wrongly: string | undefined;
    try {
      wrongly = fault(one, 8, { module: await mutant(file, right, wrong) });
    } catch (error) {
      wrongly = (error as Error).message;
    }
    expect(wrongly).toMatch(/^part|^no part|wrote outside/);
  });
});
