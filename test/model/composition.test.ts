import { describe, expect, it } from "vitest";
import {
  adam,
  batchNorm,
  compile,
  concat,
  concatenate,
  dense,
  type Layer,
  lambda,
  load,
  loadTrainer,
  meanSquaredError,
  model,
  multiHeadAttention,
  nested,
  residual,
  sequential,
  stack,
  type Tensor,
  valueAndGrad,
} from "../../src/index.ts";

const X = [
  [1, 2, 3, 4],
  [-1, 0.5, 2, 0],
  [0.25, -2, 1, 1],
];
const Y = [[1], [0], [2]];

describe("methods of tensors", () => {
  const value = (fn: Parameters<typeof valueAndGrad<[number[][]]>>[0], x: number[][] = X) =>
    valueAndGrad<[number[][]]>(fn)(x);
  const gradient = (fn: Parameters<typeof valueAndGrad<[number[][]]>>[0], x: number[][] = X) =>
    [...(value(fn, x).gradients[0] as { data: Float32Array }).data].map((v) => v + 0);

  it("compare, choose and clamp, with PyTorch's gradients at the limits", () => {
    expect(value((x) => x.less(1).sum()).value).toBe(5);
    expect(value((x) => x.lessEqual(1).sum()).value).toBe(8);
    expect(value((x) => x.greater(1).sum()).value).toBe(4);
    expect(value((x) => x.greaterEqual(1).sum()).value).toBe(7);
    expect(value((x) => x.equal(1).sum()).value).toBe(2 + 1);
    expect(value((x) => x.notEqual(1).sum()).value).toBe(9);
    expect(gradient((x) => x.clamp(0, 2).sum(), [[-1, 0, 1, 2, 3]])).toEqual([0, 1, 1, 1, 0]);
    expect(gradient((x) => x.greater(0).where(x.log(), 7).sum(), [[-1, 2, 4]])).toEqual([0, 0.5, 0.25]);
  });

  it("reduce: min, argMax, logSumExp and variance", () => {
    expect(value((x) => x.min(1).sum()).value).toBe(1 - 1 - 2);
    expect(gradient((x) => x.min(), [[3, 1, 2]])).toEqual([0, 1, 0]);
    expect(value((x) => x.argMax({ axis: 1 }).sum().add(x.sum().mul(0))).value).toBe(3 + 2 + 2);
    expect(value((x) => x.gather(x.argMax({ dtype: "i32", keepDims: true })).sum()).value).toBe(4 + 2 + 1);
    expect(gradient((x) => x.gather(x.argMax({ dtype: "i32", keepDims: true })).sum(), [[1, 5, 2]])).toEqual([
      0, 1, 0,
    ]);
    const row = gradient((x) => x.logSumExp(), [[1000, 1000, -1000]]);
    expect(row).toEqual([0.5, 0.5, 0]);
    expect(value((x) => x.log().logSumExp().exp().add(1), [[0, 0]]).value).toBe(1);
    expect(value((x) => x.variance(), [[1, 2, 6]]).value).toBe(7);
    expect(
      value(
        (x) => x.variance(1, { correction: 0 }).sum(),
        [
          [1, 3],
          [2, 2],
        ],
      ).value,
    ).toBe(1);
  });

  it("take apart and put together", () => {
    expect(value((x) => x.slice(1, 3).sum()).value).toBe(5 + 2.5 - 1);
    expect(value((x) => x.slice(0, 4, { step: 2 }).sum()).value).toBe(4 + 1 + 1.25);
    expect(value((x) => x.slice(-1).sum()).value).toBe(5);
    expect(gradient((x) => x.slice(0, 4, { step: 3 }).square().sum(), [[1, 2, 3, 4]])).toEqual([2, 0, 0, 8]);
    expect(value((x) => x.pad(1, 2, { value: 3 }).sum(), [[1]]).value).toBe(10);
    expect(value((x) => x.split([1, 3])[1].sum(), [[1, 2, 3, 4]]).value).toBe(9);
    expect(
      gradient(
        (x) => {
          const [a, b] = x.split(2);
          return concat([b, a.mul(2)])
            .mul(x)
            .sum();
        },
        [[1, 2, 3, 4]],
      ),
    ).toEqual([9, 12, 3, 6]);
    expect(
      value(
        (x) =>
          stack([x, x.mul(2)], { axis: 0 })
            .max(0)
            .sum(),
        [[1, 2]],
      ).value,
    ).toBe(6);
    expect(value((x) => x.cumSum({ reverse: true }).slice(0, 1).sum(), [[1, 2, 3]]).value).toBe(6);
    expect(gradient((x) => x.square().stopGradient().mul(x).sum(), [[3]])).toEqual([9]);
  });

  it("multiply batches of matrices, transposed or not, broadcast or not", () => {
    const f = valueAndGrad<[number[][][], number[][]]>((a, b) =>
      a.matMul(b, { transposeA: true, transposeB: true }).sum(),
    );
    const { value: total, gradients } = f(
      [
        [
          [1, 2],
          [3, 4],
        ],
        [
          [5, 6],
          [7, 8],
        ],
      ],
      [
        [1, 10],
        [100, 1000],
      ],
    );
    expect(total).toBe((1 + 2 + 5 + 6) * 101 + (3 + 4 + 7 + 8) * 1010);
    expect([...gradients[1].data]).toEqual([14, 22, 14, 22]);
  });

  it("work on tensors of six axes", () => {
    const f = valueAndGrad<[number[], number[]]>((a, b) => {
      const wide = a.reshape([2, 1, 2, 1, 2, 1]).mul(b.reshape([1, 2, 1, 2, 1, 2]));
      return wide.transpose([5, 3, 1, 4, 2, 0]).reshape([8, 8]).slice(0, 1).sum();
    });
    const a = [1, 2, 3, 4, 5, 6, 7, 8];
    expect(f(a, [1, 1, 1, 1, 1, 1, 1, 1]).value).toBe(8);
  });

  it("refuse what does not fit", () => {
    expect(() => value((x) => x.slice(3, 1).sum())).toThrow(/slice must take 1 or more places/);
    expect(() => value((x) => x.split(3)[0].sum())).toThrow(/lengths must be whole and add up/);
    expect(() => value((x) => x.pad(-1, 0).sum())).toThrow(/before must be a whole number >= 0; got -1/);
    expect(() => value((x) => x.gather(x as never).sum())).toThrow(/gather needs i32 as input 0/);
    expect(() => sequential({ input: [4] }, [lambda((x) => x.slice(0, 1, { axis: 0 }))])).toThrow(
      /slice needs an axis of fixed length/,
    );
  });
});

const train = (net: ReturnType<typeof sequential>, freeze?: string[]) =>
  compile(net as never, { loss: meanSquaredError(), optimizer: adam({ learningRate: 0.05 }), freeze });

describe("composition", () => {
  const encoder = () => sequential({ input: [4], seed: 3 }, [dense(3, { activation: "tanh" }), batchNorm()]);
  const net = () =>
    sequential({ input: [4], seed: 1 }, [
      nested(encoder(), { name: "encoder" }),
      residual(dense(3, { activation: "tanh" }), dense(3)),
      concatenate(
        dense(2),
        lambda((x) => x.mul(x.sigmoid())),
      ),
      lambda((x) => x.slice(0, 3).pow(2)),
      dense(1),
    ]);

  it("names what is nested, and trains all of it", () => {
    const trainer = train(net());
    const names = Object.keys(trainer.parameters);
    expect(names).toContain("encoder.dense1.weight");
    expect(names).toContain("dense1.weight");
    const before = trainer.digest();
    const { loss } = trainer.fitSync({ x: X, y: Y } as never, { epochs: 300 });
    expect(loss).toBeLessThan(0.05);
    expect(trainer.digest()).not.toBe(before);
  });

  it("a nested model predicts as the model itself does", () => {
    const inner = sequential({ input: [4], seed: 7 }, [
      dense(3, { activation: "tanh", weightInitializer: "ones" }),
      dense(2, { weightInitializer: "ones" }),
    ]);
    const outer = sequential({ input: [4], seed: 9 }, [nested(inner, { name: "inner" })]);
    expect(compile(outer).predict(X).data).toEqual(compile(inner).predict(X).data);
  });

  it("freezes by name: nothing of it changes, running statistics neither, and the rest learns", () => {
    const trainer = train(net(), ["encoder", "dense1.bias"]);
    const read = (name: string) =>
      Array.from((trainer.parameters as never as Record<string, { data: Float32Array }>)[name].data);
    const kept = ["encoder.dense1.weight", "encoder.batchNorm1.runningMean", "dense1.bias"];
    const before = kept.map(read);
    const other = read("dense1.weight");
    trainer.fitSync({ x: X, y: Y } as never, { epochs: 5 });
    expect(kept.map(read)).toEqual(before);
    expect(read("dense1.weight")).not.toEqual(other);
    expect(() => train(net(), ["decoder"])).toThrow(
      /freeze must name layers or parameters of the model; got "decoder"/,
    );
  });

  it("is in files, with what is frozen", () => {
    const trainer = train(net(), ["encoder"]);
    trainer.fitSync({ x: X, y: Y } as never, { epochs: 3 });
    const uses = [model, concat, batchNorm];
    const file = trainer.save({ training: true });
    expect(Array.from((load(file, { uses }).predict(X) as unknown as { data: Float32Array }).data)).toEqual(
      Array.from((trainer.predict(X as never) as unknown as { data: Float32Array }).data),
    );
    const again = loadTrainer(file, { uses });
    for (const one of [trainer, again]) one.fitSync({ x: X, y: Y } as never, { epochs: 3 });
    expect(again.digest()).toBe(trainer.digest());
  });

  it("lambda takes several inputs", () => {
    const product = lambda<[never, never]>(((a: { mul(b: unknown): never }, b: unknown) =>
      a.mul(b)) as never);
    const two = model(
      { inputs: { a: [2], b: [2] } },
      ({ a, b }) => product(a as never, b as never) as typeof a,
    );
    const { data } = compile(two).predict({ a: [[2, 3]], b: [[5, 7]] }) as { data: Float32Array };
    expect([...data]).toEqual([10, 21]);
  });
});

it("residual and concatenate refuse options of a call, which layers inside would not get", () => {
  const build = (make: (...layers: readonly Layer[]) => Layer<"same">, more: unknown) => () =>
    model({ inputs: { x: [4, 3], mask: [4] } }, ({ x, mask }) => {
      const call = make(multiHeadAttention({ heads: 1 })) as never as (...given: unknown[]) => Tensor;
      return call(x, more === "mask" ? { mask } : more);
    });
  expect(build(residual, "mask")).toThrow(
    "residual: takes no argument 2; got { mask: .. }: call the layer itself: x.add(layer(x, { mask }))",
  );
  expect(build(concatenate, "mask")).toThrow(
    "concatenate: takes no argument 2; got { mask: .. }: call the layer itself: concat([layer(x, { mask }), other(x)])",
  );
  for (const make of [residual, concatenate])
    for (const more of [undefined, 0]) expect(build(make, more)).not.toThrow();
});
