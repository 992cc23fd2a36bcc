/** Layers of attention: beside recorded PyTorch values, their parts one by one, what they refuse, their files. */
import { describe, expect, it } from "vitest";
import {
  type Argument,
  adam,
  compile,
  crossEntropy,
  dense,
  embedding,
  flatten,
  learnedPositions,
  load,
  loadTrainer,
  meanSquaredError,
  model,
  multiHeadAttention,
  scaledDotProductAttention,
  sequential,
  sgd,
  sinusoidalPositions,
  transformerBlock,
  valueAndGrad,
} from "../../src/index.ts";
import vectors from "../vectors/attention.json" with { type: "json" };

const close = (got: ArrayLike<number>, wanted: readonly number[], scale = 1) => {
  expect(got.length).toBe(wanted.length);
  wanted.forEach((value, i) => {
    expect(Math.abs(got[i] - value), `${i}: ${got[i]} for ${value}`).toBeLessThanOrEqual(
      1e-5 * Math.max(scale, Math.abs(value)),
    );
  });
};

const some = (n: number, seed = 1) =>
  Float32Array.from({ length: n }, (_, i) => (((i + 1) * 7919 * (seed + 3)) % 101) / 50 - 1);
const shaped = (shape: readonly number[], seed = 1) => ({
  data: some(
    shape.reduce((p, d) => p * d, 1),
    seed,
  ),
  shape,
});

type Case = (typeof vectors.cases)[number] & {
  readonly mask?: number[][];
  readonly context?: number[];
  readonly contextShape?: number[];
  readonly dcontext?: number[];
};

/** The recorded layer after layers that are the identity, whose gradients show those of the inputs. */
function trainerOf(c: Case) {
  const [, t, n] = c.shape;
  const [, keys = t] = c.contextShape ?? [];
  const identity = (name: string) => dense(n, { bias: false, name });
  const options = { ...c.options, name: "l" } as never;
  const made = c.layer === "transformerBlock" ? transformerBlock(options) : multiHeadAttention(options);
  const net = model({ inputs: { x: [t, n], context: [keys, n], mask: [keys] } }, ({ x, context, mask }) => {
    const call = {
      ...(c.mask && { mask }),
      ...(c.contextShape && { context: identity("other")(context) }),
    };
    return made(identity("id")(x), call as never);
  });
  return compile(net, { loss: meanSquaredError(), optimizer: sgd(), batchSize: 4 });
}

describe("recorded from PyTorch", () => {
  it.each(vectors.cases.map((c: Case, i) => [`${i}: ${c.layer} ${JSON.stringify(c.options)}`, c] as const))(
    "%s",
    (_, c) => {
      const { shape } = c;
      const [m, t, n] = shape;
      const keys = c.contextShape ?? shape;
      const rows = (data: readonly number[], of = shape) => ({ data: Float32Array.from(data), shape: of });
      const trainer = trainerOf(c);
      const identity = Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
      const own = Object.entries(c.parameters).map(([name, values]) => [`l.${name}`, values] as const);
      const ones = new Array<number>(m * keys[1]).fill(1);
      trainer.setParameters({
        ...Object.fromEntries(own),
        "id.weight": identity,
        ...(c.contextShape && { "other.weight": identity }),
      } as never);
      const x = {
        x: rows(c.x),
        context: rows(c.context ?? c.x, keys),
        mask: rows(c.mask?.flat() ?? ones, [m, keys[1]]),
      } as never;
      close((trainer.predict(x) as never as { data: Float32Array }).data, c.y);
      // The mean of (y - t)^2 over N elements with t = y - c / 2 has the cotangent c / N.
      const target = c.y.map((v, i) => v - c.cotangent[i] / 2);
      const { gradients } = trainer.gradients({ x, y: rows(target) as never });
      const scaled = (name: string) => [...gradients[name].data].map((g) => g * m * t * n);
      for (const [name, wanted] of Object.entries(c.gradients)) close(scaled(`l.${name}`), wanted, 2);
      const outer = (given: readonly number[], d: readonly number[]) =>
        identity.map((_, at) => {
          let sum = 0;
          for (let i = 0; i < given.length; i += n) sum += given[i + Math.floor(at / n)] * d[i + (at % n)];
          return sum;
        });
      close(scaled("id.weight"), outer(c.x, c.dx), 2);
      if (c.context && c.dcontext) close(scaled("other.weight"), outer(c.context, c.dcontext), 2);
    },
  );

  it("another scale would show", () => {
    const [c] = vectors.cases;
    expect(() =>
      close(
        c.y,
        c.y.map((v) => v * 1.0001),
      ),
    ).toThrow();
  });
});

describe("scaledDotProductAttention", () => {
  const f = (options: object) =>
    valueAndGrad<[Argument, Argument, Argument, Argument]>((q, k, v, weights) =>
      scaledDotProductAttention(q, k, v, options).mul(weights).sum(),
    );

  it("is softmax(Q K^T / sqrt(size)) V with its gradients, as the tensors' own methods give them", () => {
    const args = [shaped([2, 3, 4]), shaped([2, 5, 4], 2), shaped([2, 5, 6], 3), shaped([2, 3, 6], 4)];
    const fused = f({})(...(args as never as [Argument, Argument, Argument, Argument]));
    const composed = valueAndGrad<[Argument, Argument, Argument, Argument]>((q, k, v, weights) => {
      const scores = q.matMul(k, { transposeB: true }).mul(0.5);
      return scores.softmax().matMul(v).mul(weights).sum();
    })(...(args as never as [Argument, Argument, Argument, Argument]));
    expect(fused.value).toBeCloseTo(composed.value, 5);
    fused.gradients.forEach((gradient, i) => {
      close(
        (gradient as never as { data: Float32Array }).data,
        [...(composed.gradients[i] as never as { data: Float32Array }).data],
        2,
      );
    });
  });

  it("of heads is that of each head's features", () => {
    const net = (heads: number) =>
      compile(
        model({ inputs: { x: [5, 6] } }, ({ x }) => {
          if (heads === 2) return scaledDotProductAttention(x, x, x, { heads: 2, causal: true });
          const [a, b] = x.split(2);
          return scaledDotProductAttention(a, a, a, { causal: true })
            .reshape([-1, 5, 3])
            .add(scaledDotProductAttention(b, b, b, { causal: true }).mul(0));
        }),
      );
    const x = { x: shaped([2, 5, 6]) } as never;
    const both = (net(2).predict(x) as never as { data: Float32Array }).data;
    const first = (net(1).predict(x) as never as { data: Float32Array }).data;
    for (let i = 0; i < 10; i++)
      expect([...both.subarray(6 * i, 6 * i + 3)]).toEqual([...first.subarray(3 * i, 3 * i + 3)]);
  });

  it("gives 0 for a query that sees no key, and its gradients are 0", () => {
    const net = model({ inputs: { x: [3, 4], mask: [3] } }, ({ x, mask }) =>
      scaledDotProductAttention(x, x, dense(4, { name: "v", bias: false })(x), { mask }),
    );
    const trainer = compile(net, { loss: meanSquaredError(), optimizer: sgd() });
    const x = { x: shaped([1, 3, 4]), mask: [[0, 0, 0]] } as never;
    expect([...(trainer.predict(x) as never as { data: Float32Array }).data]).toEqual(new Array(12).fill(0));
    const { gradients } = trainer.gradients({ x, y: shaped([1, 3, 4]) as never });
    expect([...gradients["v.weight"].data].every((g) => g === 0)).toBe(true);
  });

  it("what a mask hides changes no bit of the others", () => {
    const net = compile(
      model({ inputs: { x: [7, 8], mask: [7] } }, ({ x, mask }) =>
        multiHeadAttention({ heads: 2 })(x, { mask }),
      ),
    );
    const mask = [[1, 1, 0, 1, 0, 0, 1]];
    const a = shaped([1, 7, 8]);
    const b = { ...a, data: a.data.slice() };
    for (const t of [2, 4, 5]) b.data.fill(9, 8 * t, 8 * t + 8);
    const [ya, yb] = [a, b].map(
      (x) => (net.predict({ x, mask } as never) as never as { data: Float32Array }).data,
    );
    for (const t of [0, 1, 3, 6])
      expect([...ya.subarray(8 * t, 8 * t + 8)]).toEqual([...yb.subarray(8 * t, 8 * t + 8)]);
  });

  it("causal: later places change no bit of earlier ones, and a shorter sequence gives the same", () => {
    const net = (T: number) => {
      const made = compile(
        model({ inputs: { x: [T, 8] }, seed: 1 }, ({ x }) =>
          multiHeadAttention({ heads: 2, causal: true })(x),
        ),
      );
      return (x: unknown) => (made.predict({ x } as never) as never as { data: Float32Array }).data;
    };
    const long = shaped([1, 13, 8]);
    const whole = net(13)(long);
    for (const T of [1, 3, 4, 6, 9]) {
      const part = net(T)({ data: long.data.slice(0, 8 * T), shape: [1, T, 8] });
      expect([...part]).toEqual([...whole.subarray(0, 8 * T)]);
    }
  });
});

describe("dropout of attention", () => {
  const trainerWith = (dropout: number, seed = 3) =>
    compile(
      sequential({ input: [6, 8], seed }, [multiHeadAttention({ heads: 2, dropout }), flatten(), dense(1)]),
      { loss: meanSquaredError(), optimizer: sgd({ learningRate: 0.01 }) },
    );
  const data = { x: shaped([4, 6, 8]), y: [1, 2, 3, 4] } as never;

  it("drops in training only, the same for the same seed and step", () => {
    const without = trainerWith(0);
    const half = trainerWith(0.5);
    const [x] = [shaped([4, 6, 8])];
    expect([...half.predict(x as never).data]).toEqual([...without.predict(x as never).data]);
    expect(half.gradients(data).loss).toBe(trainerWith(0.5).gradients(data).loss);
    expect(half.gradients(data).loss).not.toBe(without.gradients(data).loss);
    expect(half.evaluate(data).loss).toBe(without.evaluate(data).loss);
  });

  it("two in one model draw apart", () => {
    const net = model({ inputs: { x: [6, 8] } }, ({ x }) => {
      const layer = multiHeadAttention({ heads: 2, dropout: 0.5 });
      return layer(x).sub(layer(x));
    });
    const trainer = compile(net, { loss: meanSquaredError(), optimizer: sgd() });
    const { loss } = trainer.gradients({
      x: { x: shaped([4, 6, 8]) },
      y: shaped([4, 6, 8]),
    } as never);
    const zeros = trainer.evaluate({ x: { x: shaped([4, 6, 8]) }, y: shaped([4, 6, 8]) } as never).loss;
    expect(loss).not.toBe(zeros);
  });
});

describe("positions", () => {
  it("sinusoidal are those of the paper", () => {
    const net = compile(sequential({ input: [9, 5] }, [sinusoidalPositions()]));
    const { data } = net.predict({ data: new Float32Array(45), shape: [1, 9, 5] } as never);
    for (let t = 0; t < 9; t++)
      for (let j = 0; j < 5; j++) {
        const angle = t / 10000 ** ((j - (j % 2)) / 5);
        expect(Math.abs(data[5 * t + j] - (j % 2 === 0 ? Math.sin(angle) : Math.cos(angle)))).toBeLessThan(
          1e-7,
        );
      }
  });

  it("learned ones are rows of a table, which learns of those in use", () => {
    const trainer = compile(sequential({ input: [2, 3] }, [learnedPositions(4, { name: "p" })]), {
      loss: meanSquaredError(),
      optimizer: sgd(),
    });
    const table = Array.from({ length: 12 }, (_, i) => i);
    trainer.setParameters({ "p.table": table } as never);
    const zeros = { data: new Float32Array(6), shape: [1, 2, 3] } as never;
    expect([...trainer.predict(zeros).data]).toEqual([0, 1, 2, 3, 4, 5]);
    const { gradients } = trainer.gradients({ x: zeros, y: zeros });
    close(
      gradients["p.table"].data,
      table.map((v) => (v < 6 ? v / 3 : 0)),
    );
  });
});

describe("refusals, when the model is built", () => {
  const build = (layer: () => unknown, input: readonly number[] = [4, 8]) =>
    sequential({ input: input as number[] }, [layer() as never]);
  it.each([
    [() => build(() => multiHeadAttention({ heads: 3, name: "mha" })), "mha: heads must divide the features"],
    [() => build(() => multiHeadAttention({ heads: 0 })), "multiHeadAttention: heads must be a whole number"],
    [
      () => build(() => multiHeadAttention({ heads: 2, dropout: 1 })),
      "multiHeadAttention: dropout must be in [0, 1)",
    ],
    [() => build(() => multiHeadAttention({ heads: 2 }), [8]), "needs sequences [rows, T, features]"],
    [
      () => build(() => transformerBlock({ heads: 5, name: "b" })),
      "b.attention: heads must divide the features",
    ],
    [() => build(() => transformerBlock({ heads: 2, activation: "no" as never })), "unknown activation"],
    [() => build(() => learnedPositions(3)), "must have at most 3 positions"],
    [() => build(() => learnedPositions(3), [8]), "needs sequences [rows, T, features]"],
    [() => build(() => sinusoidalPositions(), [8]), "needs sequences [rows, T, features]"],
    [
      () =>
        model({ inputs: { x: [4, 8], mask: [5] } }, ({ x, mask }) =>
          multiHeadAttention({ heads: 2 })(x, { mask }),
        ),
      "mask must be [rows, T]",
    ],
    [
      () =>
        model({ inputs: { x: [4, 8], c: [5, 8] } }, ({ x, c }) =>
          multiHeadAttention({ heads: 2, causal: true, name: "cross" })(x, { context: c }),
        ),
      "cross: attention needs as many keys as queries where it is causal",
    ],
    [
      () =>
        model({ inputs: { x: [4, 8] } }, ({ x }) =>
          scaledDotProductAttention(x, x.slice(0, 3, { axis: 1 }), x),
        ),
      "scaledDotProductAttention: needs queries, keys and values of the same rows, and a value for each key",
    ],
    [
      () =>
        model({ inputs: { x: [4, 8] } }, ({ x }) => {
          const few = x.slice(0, 3, { axis: 1 });
          return scaledDotProductAttention(x, few, few, { causal: true });
        }),
      "scaledDotProductAttention: needs as many keys as queries where it is causal",
    ],
    [
      () => model({ inputs: { x: [4, 8] } }, ({ x }) => scaledDotProductAttention(x, x, x, { heads: 3 })),
      "scaledDotProductAttention: needs features that 3 heads divide",
    ],
    [
      () =>
        model({ inputs: { x: [4, 8] } }, ({ x }) =>
          multiHeadAttention({ heads: 2 })(x, { memory: x } as never),
        ),
      'unknown option "memory"',
    ],
  ])("%#: %s", (make, message) => {
    expect(make as () => unknown).toThrow(message as string);
  });
});

describe("files", () => {
  const words = { shape: [5], dtype: "i32" } as const;
  const trainer = compile(
    sequential({ input: words, seed: 2 }, [
      embedding(7, 6),
      learnedPositions(8),
      sinusoidalPositions(),
      transformerBlock({ heads: 2, hidden: 5, causal: true, dropout: 0.25 }),
      multiHeadAttention({ heads: 3, keySize: 4, bias: false }),
      flatten(),
      dense(3),
    ]),
    { loss: crossEntropy({ fromLogits: true }), optimizer: adam({ learningRate: 0.01 }) },
  );
  const x = Array.from({ length: 6 }, (_, i) => Array.from({ length: 5 }, (_, j) => (3 * i + 2 * j) % 7));
  const data = { x, y: [0, 1, 2, 0, 1, 2] } as never;

  it("hold all of it, and go on to the bit", () => {
    trainer.fitSync(data, { epochs: 2 });
    const again = loadTrainer(trainer.save({ training: true }), {
      uses: [embedding, transformerBlock, learnedPositions],
    });
    trainer.fitSync(data, { epochs: 2 });
    again.fitSync(data, { epochs: 2 });
    expect(again.digest()).toBe(trainer.digest());
    const predictor = load(trainer.save(), { uses: [embedding, transformerBlock, learnedPositions] });
    expect([...predictor.predict(x as never).data]).toEqual([...trainer.predict(x as never).data]);
  });

  it("name what they need", () => {
    expect(() => load(trainer.save())).toThrow("multiHeadAttention");
  });
});
