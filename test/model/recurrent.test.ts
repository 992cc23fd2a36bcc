/** Recurrent layers: compared with recorded PyTorch values, step by step against at once, and what they refuse. */
import { describe, expect, it } from "vitest";
import { Cell, Fn } from "../../src/graph/op.ts";
import { dense as denseOp } from "../../src/graph/ops/dense.ts";
import { recurrent } from "../../src/graph/ops/recurrent.ts";
import {
  adam,
  bidirectional,
  compile,
  dense,
  gru,
  load,
  loadTrainer,
  lstm,
  meanSquaredError,
  model,
  type RecurrentCall,
  sequential,
  simpleRnn,
  type Tensor,
  valueAndGrad,
} from "../../src/index.ts";
import vectors from "../vectors/recurrence.json" with { type: "json" };

type Vector = (typeof vectors.cases)[number];

const close = (got: ArrayLike<number>, wanted: ArrayLike<number>, what = "") => {
  expect(got.length, what).toBe(wanted.length);
  Array.from(wanted).forEach((value, i) => {
    expect(Math.abs(got[i] - value), `${what} ${i}: ${got[i]} for ${value}`).toBeLessThanOrEqual(
      1e-5 * Math.max(1, Math.abs(value)),
    );
  });
};

const cellOf = ({ layer, options }: Vector): Cell => {
  if (layer === "lstm") return Cell.Lstm;
  if (layer === "gru")
    return (options as { resetAfter?: boolean }).resetAfter === false ? Cell.GruBefore : Cell.Gru;
  return (options as { activation?: string }).activation === "relu" ? Cell.RnnRelu : Cell.RnnTanh;
};

const maskOf = ({ rows, steps, lengths }: Vector) =>
  Float32Array.from({ length: rows * steps }, (_, i) =>
    i % steps < (lengths?.[Math.floor(i / steps)] ?? steps) ? 1 : 0,
  );

const made = (c: Vector) => {
  const options = { ...(c.options as object), returnSequences: true, returnState: true, name: "l" } as const;
  const layer =
    c.layer === "lstm"
      ? lstm(c.units, options)
      : c.layer === "gru"
        ? gru(c.units, options)
        : simpleRnn(c.units, options);
  return (c.both ? bidirectional(layer) : layer) as (x: Tensor, call: RecurrentCall) => readonly Tensor[];
};

const title = (c: Vector, i: number) =>
  `${c.layer} ${JSON.stringify(c.options)} [${c.rows}, ${c.steps}, ${c.features}] of ${c.units}${c.both ? ", both ways" : ""}` +
  `${c.lengths ? `, lengths ${c.lengths}` : ""}${c.initial.length > 0 ? ", from states" : ""} (${i})`;

const CASES = vectors.cases.map((c, i) => [title(c, i), c] as const);

describe("recorded from PyTorch", () => {
  it.each(CASES)("outputs and states: %s", (_, c) => {
    const { rows, steps, features, units } = c;
    const names = c.initial.map((_, k) => `s${k}`);
    const inputs = {
      x: [steps, features],
      ...(c.lengths ? { mask: [steps] } : {}),
      ...Object.fromEntries(names.map((name) => [name, [units]])),
    };
    const net = model({ inputs } as never, (given: Record<string, Tensor>) => {
      const initialState = names.map((name) => given[name]);
      const [y, ...states] = made(c)(given.x, {
        ...(c.lengths ? { mask: given.mask } : {}),
        ...(names.length > 0 ? { initialState } : {}),
      });
      return { y, ...Object.fromEntries(states.map((state, k) => [`last${k}`, state])) };
    });
    const predictor = compile(net);
    predictor.setParameters(
      Object.fromEntries(
        c.parameters.flatMap((own, way) =>
          Object.entries(own as Record<string, number[]>).map(([name, values]) => [
            `l.${c.both ? `${way === 0 ? "forward" : "backward"}.` : ""}${name}`,
            values,
          ]),
        ),
      ) as never,
    );
    const got = predictor.predict({
      x: { data: Float32Array.from(c.x), shape: [rows, steps, features] },
      ...(c.lengths ? { mask: { data: maskOf(c), shape: [rows, steps] } } : {}),
      ...Object.fromEntries(
        names.map((name, k) => [name, { data: Float32Array.from(c.initial[k]), shape: [rows, units] }]),
      ),
    } as never) as unknown as Record<string, { data: Float32Array }>;
    const mask = maskOf(c);
    const width = c.y.length / mask.length;
    // Outputs of padding are 0 in PyTorch, here the state.
    close(
      got.y.data.map((v, i) => v * mask[Math.floor(i / width)]),
      c.y,
      "y",
    );
    c.states.forEach((state, k) => {
      close(got[`last${k}`].data, state, `last${k}`);
    });
  });

  it.each(CASES)("gradients: %s", (_, c) => {
    const { rows, steps, features, units } = c;
    const cell = cellOf(c);
    const names = Object.keys(c.parameters[0]);
    const perWay = names.length;
    const ways = c.parameters.length;
    const ofStates = c.states.length / ways;
    const constant = (like: Tensor, shape: readonly number[], data: ArrayLike<number>) =>
      like.of(like.builder.graph.addConstant(shape, Float32Array.from(data)));
    const f = valueAndGrad<never>(((x: Tensor, ...rest: Tensor[]) => {
      const initial = rest.slice(ways * perWay);
      let total: Tensor | undefined;
      const weigh = (y: Tensor, weights: ArrayLike<number>) => {
        const sum = y.mul(constant(x, y.shape, weights)).sum();
        total = total ? total.add(sum) : sum;
      };
      for (let way = 0; way < ways; way++) {
        const [weight, r, bias, inner] = rest.slice(way * perWay, (way + 1) * perWay);
        const z = x.emit(denseOp, { fn: Fn.Identity, alpha: 0 }, [x.id, weight.id, bias.id]);
        const inputs = [
          z,
          r,
          ...(inner ? [inner] : []),
          ...(c.lengths ? [constant(x, [rows, steps], maskOf(c))] : []),
          ...initial.slice(way * ofStates, (way + 1) * ofStates),
        ];
        const attrs = {
          cell,
          reverse: way === 1,
          masked: c.lengths !== undefined,
          initial: initial.length > 0,
        };
        const out = x.builder
          .emit(
            recurrent,
            attrs,
            inputs.map(({ id }) => id),
          )
          .map((id) => x.of(id));
        const own = c.cotangent.filter((_, i) => Math.floor(i / units) % ways === way);
        weigh(out[0], own);
        [out[1], out[3]].slice(0, ofStates).forEach((state, k) => {
          weigh(state, c.cotangentsOfStates[way * ofStates + k]);
        });
      }
      return total as Tensor;
    }) as never) as unknown as (...args: object[]) => { gradients: { data: Float32Array }[] };
    const gates = { simpleRnn: 1, lstm: 4, gru: 3 }[c.layer] as number;
    const shapes: Record<string, number[]> = {
      weight: [features, gates * units],
      recurrentWeight: [units, gates * units],
      bias: [gates * units],
      recurrentBias: [units],
    };
    const shaped = (data: readonly number[], shape: readonly number[]) => ({
      data: Float32Array.from(data),
      shape,
    });
    const { gradients } = f(
      shaped(c.x, [rows, steps, features]),
      ...c.parameters.flatMap((own) =>
        names.map((name) => shaped((own as unknown as Record<string, number[]>)[name], shapes[name])),
      ),
      ...c.initial.map((state) => shaped(state, [rows, units])),
    );
    const wanted = [
      c.dx,
      ...c.gradients.flatMap((own) =>
        names.map((name) => (own as unknown as Record<string, number[]>)[name]),
      ),
      ...c.ofInitial,
    ];
    wanted.forEach((values, i) => {
      close(gradients[i].data, values, `gradient ${i}`);
    });
  });
});

/** Numbers in [-1, 1), always the same. */
const noise = (count: number, seed = 1) => {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
};

const LAYERS = {
  "simpleRnn of tanh": (options: object) => simpleRnn(6, options as never),
  "simpleRnn of relu": (options: object) => simpleRnn(6, { ...options, activation: "relu" } as never),
  lstm: (options: object) => lstm(6, options as never),
  gru: (options: object) => gru(6, options as never),
  "gru, reset before": (options: object) => gru(6, { ...options, resetAfter: false } as never),
} as unknown as Record<
  string,
  (options: object) => (x: Tensor, call?: RecurrentCall) => Tensor & readonly Tensor[]
>;
const NAMES = Object.keys(LAYERS);
const stateNames = (name: string) => (name === "lstm" ? ["h", "c"] : ["h"]);

type Results = Record<string, { data: Float32Array }>;

describe("one step at a time", () => {
  const [rows, steps, features, units] = [3, 7, 2, 6];
  const x = noise(rows * steps * features);
  const mask = Float32Array.from({ length: rows * steps }, (_, i) => (i % 4 === 3 ? 0 : 1));

  /** A predictor of so many steps that gives all its states, and takes those before them. */
  const predictorOf = (name: string, length: number) =>
    compile(
      model(
        {
          inputs: {
            x: [length, features],
            mask: [length],
            ...Object.fromEntries(stateNames(name).map((s) => [s, [units]])),
          } as { x: number[]; mask: number[]; h: number[] },
          seed: 5,
        },
        (given) => {
          const initialState = stateNames(name).map((s) => (given as unknown as Record<string, Tensor>)[s]);
          const options = { returnSequences: true, returnState: true };
          const [y, ...states] = LAYERS[name](options)(given.x, { mask: given.mask, initialState });
          return { y, ...Object.fromEntries(states.map((state, k) => [stateNames(name)[k], state])) };
        },
      ),
      { batchSize: rows },
    );

  it.each(NAMES)("gives the bits of the whole sequence: %s", (name) => {
    const zeros = Object.fromEntries(
      stateNames(name).map((s) => [s, { data: new Float32Array(rows * units), shape: [rows, units] }]),
    );
    const whole = predictorOf(name, steps).predict({
      x: { data: x, shape: [rows, steps, features] },
      mask: { data: mask, shape: [rows, steps] },
      ...zeros,
    } as never) as unknown as Results;
    const step = predictorOf(name, 1);
    let states: Record<string, unknown> = zeros;
    for (let t = 0; t < steps; t++) {
      const at = (from: Float32Array, width: number) =>
        from.filter((_, i) => Math.floor(i / width) % steps === t);
      const result = step.predict({
        x: { data: at(x, features), shape: [rows, 1, features] },
        mask: { data: at(mask, 1), shape: [rows, 1] },
        ...states,
      } as never) as unknown as Results;
      expect([...result.y.data]).toEqual([...at(whole.y.data, units)]);
      states = Object.fromEntries(
        stateNames(name).map((s) => [s, { data: result[s].data.slice(), shape: [rows, units] }]),
      );
    }
    for (const s of stateNames(name))
      expect([...(states[s] as { data: Float32Array }).data]).toEqual([...whole[s].data]);
  });

  it.each(NAMES)("starts from zeros where no state is given: %s", (name) => {
    const make = (given: boolean) =>
      compile(
        model({ inputs: { x: [steps, features], h: [units] }, seed: 5 }, ({ x, h }) => {
          const layer = LAYERS[name]({});
          return given ? layer(x, { initialState: stateNames(name).map(() => h) }) : layer(x);
        }),
      );
    const data = {
      x: { data: x, shape: [rows, steps, features] },
      h: { data: new Float32Array(rows * units), shape: [rows, units] },
    };
    expect(make(true).predict(data as never).data).toEqual(make(false).predict(data as never).data);
  });
});

/** A layer in both directions, with all its steps. */
const bothWays = (name: string) =>
  bidirectional(LAYERS[name]({ returnSequences: true }) as never) as unknown as (
    x: Tensor,
    call?: RecurrentCall,
  ) => Tensor;

describe("masks", () => {
  it.each(NAMES)("make padding count for nothing, whatever it holds: %s", (name) => {
    const net = model({ inputs: { x: [5, 2], mask: [5] }, seed: 3 }, ({ x, mask }) =>
      bothWays(name)(x, { mask }),
    );
    const trainer = compile(net, { loss: meanSquaredError(), optimizer: adam() });
    const mask = { data: Float32Array.of(1, 1, 1, 0, 0), shape: [1, 5] };
    const of = (x: Float32Array) => trainer.predict({ x: { data: x, shape: [1, 5, 2] }, mask } as never).data;
    const x = noise(10);
    const other = x.map((v, i) => (i < 6 ? v : 9));
    const y = of(x);
    expect(of(other)).toEqual(y);
    const short = compile(model({ inputs: { x: [3, 2] }, seed: 3 }, ({ x: own }) => bothWays(name)(own)));
    expect([...short.predict({ x: { data: x.slice(0, 6), shape: [1, 3, 2] } } as never).data]).toEqual([
      ...y.slice(0, 36),
    ]);
    // Padding repeats the state; the way back starts from zeros there.
    expect([...y.slice(36, 42)]).toEqual([...y.slice(24, 30)]);
    expect([...y.slice(42, 48)]).toEqual([0, 0, 0, 0, 0, 0]);
  });
});

describe("training", () => {
  const [rows, steps] = [20, 6];
  const x = noise(rows * steps * 2);
  const y = Float32Array.from({ length: rows }, (_, i) => x[i * steps * 2] + x[i * steps * 2 + 3]);
  const data = {
    x: { data: x, shape: [rows, steps, 2] },
    y: { data: y, shape: [rows, 1] },
  } as never;
  const trainerOf = (name: string) =>
    compile(
      sequential({ input: [steps, 2], seed: 1 }, [
        LAYERS[name]({ returnSequences: true }) as never,
        bidirectional(LAYERS[name]({}) as never, { merge: "average" }) as never,
        dense(1),
      ]),
      { loss: meanSquaredError(), optimizer: adam({ learningRate: 0.02 }), batchSize: 8 },
    );

  it.each(NAMES)("lowers the loss, and goes on from a file with the same bits: %s", (name) => {
    const trainer = trainerOf(name);
    const before = trainer.evaluate(data).loss;
    trainer.fitSync(data, { epochs: 30 });
    expect(trainer.evaluate(data).loss).toBeLessThan(before / 4);
    const uses = [lstm, bidirectional, model];
    const loaded = loadTrainer(trainer.save({ training: true }), { uses });
    const rowsOfX = { data: x, shape: [rows, steps, 2] } as never;
    expect(load(trainer.save(), { uses }).predict(rowsOfX).data).toEqual(trainer.predict(rowsOfX).data);
    trainer.fitSync(data, { epochs: 2 });
    loaded.fitSync(data, { epochs: 2 });
    expect(loaded.digest()).toBe(trainer.digest());
  });

  it.each(["concat", "sum", "average", "multiply"] as const)("merges both directions: %s", (merge) => {
    const net = (way: "both" | boolean) =>
      compile(
        sequential({ input: [steps, 2], seed: 1 }, [
          (way === "both"
            ? bidirectional(gru(3, { name: "l" }), { merge })
            : gru(3, { name: "l", reverse: way })) as never,
        ]),
      );
    const both = net("both");
    const parts = [false, true].map((way) => {
      const one = net(way);
      const from = `l.${way ? "backward" : "forward"}.`;
      const own = Object.entries(both.parameters).filter(([name]) => name.startsWith(from));
      one.setParameters(
        Object.fromEntries(
          own.map(([name, { data: values }]) => [`l.${name.slice(from.length)}`, [...values]]),
        ) as never,
      );
      return one.predict({ data: x, shape: [rows, steps, 2] } as never).data;
    });
    const got = both.predict({ data: x, shape: [rows, steps, 2] } as never).data;
    const [a, b] = parts;
    const f = Math.fround;
    const wanted = {
      concat: () => got.map((_, i) => (i % 6 < 3 ? a : b)[Math.floor(i / 6) * 3 + (i % 3)]),
      sum: () => a.map((v, i) => f(v + b[i])),
      average: () => a.map((v, i) => f(f(v + b[i]) / 2)),
      multiply: () => a.map((v, i) => f(v * b[i])),
    }[merge]();
    expect([...got]).toEqual([...wanted]);
  });

  it("solves the adding problem in short form: two numbers of twelve", () => {
    // Hochreiter and Schmidhuber 1997: two numbers of many are marked, and their sum is to be told.
    const problem = (count: number, length: number, seed: number) => {
      const given = noise(count * length, seed).map((v) => (v + 1) / 2);
      const xs = new Float32Array(count * length * 2);
      const ys = new Float32Array(count);
      const places = noise(2 * count, seed + 1);
      for (let i = 0; i < count; i++) {
        const half = length / 2;
        const marked = [0, 1].map((k) => Math.floor(((places[2 * i + k] + 1) / 2) * half) + k * half);
        for (let t = 0; t < length; t++) {
          xs[2 * (i * length + t)] = given[i * length + t];
          if (!marked.includes(t)) continue;
          xs[2 * (i * length + t) + 1] = 1;
          ys[i] += given[i * length + t];
        }
      }
      return {
        x: { data: xs, shape: [count, length, 2] },
        y: { data: ys, shape: [count, 1] },
      } as never;
    };
    const trainer = compile(sequential({ input: [12, 2], seed: 1 }, [lstm(12), dense(1)]), {
      loss: meanSquaredError(),
      optimizer: adam({ learningRate: 0.02 }),
      batchSize: 32,
    });
    trainer.fitSync(problem(640, 12, 7), { epochs: 30 });
    expect(trainer.evaluate(problem(256, 12, 99)).loss).toBeLessThan(0.01);
  });
});

describe("refusals", () => {
  const inputs = { x: [4, 3], mask: [4], h: [5], short: [3] };
  const build = (fn: (given: { x: Tensor; mask: Tensor; h: Tensor; short: Tensor }) => unknown) => () =>
    model({ inputs }, fn as never);

  it("name the layer, the rule and what they got", () => {
    const seq =
      (layer: unknown, input: readonly number[] = [4, 3]) =>
      () =>
        sequential({ input: input as number[] }, [layer as never]);
    expect(seq(lstm(5), [3])).toThrow(
      "lstm1: lstm needs sequences [rows, T, n] with fixed T and n; got [rows, 3]",
    );
    expect(() => lstm(0)).toThrow("lstm: units, the first argument, must be a whole number >= 1; got 0");
    expect(() => gru(2, { units: 3 } as never)).toThrow('gru: unknown option "units"');
    expect(() => simpleRnn(2, { activation: "sigmoid" as never })).toThrow(
      'simpleRnn: activation must be "tanh" or "relu"; got "sigmoid"',
    );
    expect(build(({ x, short }) => lstm(5, { name: "l" })(x, { mask: short }))).toThrow(
      "l: mask must be [rows, T], one number for each place of X [rows, 4, 3]; got [rows, 3]",
    );
    expect(build(({ x, h }) => lstm(5)(x, { initialState: h }))).toThrow(
      "lstm1: initialState must be 2 states [rows, 5]; got [rows, 5]",
    );
    expect(build(({ x, short }) => gru(5)(x, { initialState: short }))).toThrow(
      "gru1: initialState must be a state [rows, 5]; got [rows, 3]",
    );
    expect(build(({ x, mask }) => gru(5)(x, { masks: mask } as never))).toThrow(
      'gru: unknown option "masks"; did you mean mask?',
    );
    expect(build(({ x }) => gru(5)(x, { mask: [1, 1, 0] as never }))).toThrow("gru: needs a tensor; got");
    expect(() => bidirectional(dense(3) as never)).toThrow(
      "bidirectional: needs what lstm(), gru() or simpleRnn() give, in the usual direction; got",
    );
    expect(() => bidirectional(gru(3, { reverse: true }))).toThrow("got one that is reversed");
    expect(build(({ x, h }) => bidirectional(gru(5))(x, { initialState: h }))).toThrow(
      "bidirectional1: initialState must be 2 states [rows, 5]; got [rows, 5]",
    );
    expect(build(({ x, h }) => bidirectional(lstm(5))(x, { initialState: [h, h] }))).toThrow(
      "bidirectional1: initialState must be 4 states [rows, 5]; got [rows, 5], [rows, 5]",
    );
  });

  it("of states in a chain of layers", () => {
    expect(() => sequential({ input: [4, 3] }, [lstm(5, { returnState: true }) as never, dense(1)])).toThrow(
      "dense: needs a tensor of a model; got an array of 3: give one",
    );
  });
});
