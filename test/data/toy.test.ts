/** Generated sets: their shapes, their bits, and that each is what it is for. */
import { describe, expect, it } from "vitest";
import {
  makeBlobs,
  makeCircles,
  makeMoons,
  makeParity,
  makeRegression,
  makeSpirals,
  makeWave,
  makeXor,
  type ToyClasses,
} from "../../src/data/index.ts";
import {
  adam,
  compile,
  crossEntropy,
  dense,
  meanSquaredError,
  OptionError,
  sequential,
} from "../../src/index.ts";
import { sha256 } from "../../src/runtime/sha256.ts";

const digestOf = ({ data }: { data: Float64Array }) => sha256([new Uint8Array(data.buffer)]).slice(0, 16);

describe("every set", () => {
  it("has the same bits as ever", () => {
    expect({
      xor: digestOf(makeXor({ seed: 1 }).x),
      parity: digestOf(makeParity({ bits: 6 }).x),
      moons: digestOf(makeMoons({ seed: 1 }).x),
      circles: digestOf(makeCircles({ seed: 1 }).x),
      spirals: digestOf(makeSpirals({ seed: 1, classes: 3, turns: 1.5 }).x),
      blobs: digestOf(makeBlobs({ seed: 1, classes: 4, columns: 3 }).x),
      regression: digestOf(makeRegression({ seed: 1 }).x),
      wave: digestOf({ data: makeWave({ seed: 1 }).y }),
    }).toMatchInlineSnapshot(`
      {
        "blobs": "e1dafc9beb8efe02",
        "circles": "8b9005e353cebdc1",
        "moons": "3eb60a05a735e5d1",
        "parity": "c0e61639d7840d6b",
        "regression": "e14973107906a10d",
        "spirals": "bbb1faf6652a2043",
        "wave": "c612229c1610c31a",
        "xor": "ec87864bffa011e1",
      }
    `);
  });

  it.each([makeXor, makeMoons, makeCircles, makeSpirals, makeBlobs, makeRegression, makeWave])(
    "%o is one of its seed",
    (make) => {
      expect(make({ seed: 3 })).toEqual(make({ seed: 3 }));
      expect(make({ seed: 3 })).not.toEqual(make({ seed: 4 }));
      expect(make()).toEqual(make({ seed: 0, rows: 200 }));
      expect(make({ rows: 7 }).x.shape[0]).toBe(7);
    },
  );

  it("has noise of the deviation asked for", () => {
    const { x } = makeBlobs({ rows: 20_000, classes: 1, columns: 2, noise: 2, seed: 5 });
    for (const j of [0, 1]) {
      const values = Array.from({ length: 20_000 }, (_, i) => x.data[2 * i + j]);
      const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
      const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
      expect(Math.abs(Math.sqrt(variance) - 2)).toBeLessThan(0.05);
    }
  });

  it("lies where it should without noise", () => {
    const distances = ({ x: { data } }: ToyClasses) =>
      Array.from({ length: data.length / 2 }, (_, i) => Math.hypot(data[2 * i], data[2 * i + 1]));
    const circles = makeCircles({ noise: 0, rows: 50 });
    for (const [i, distance] of distances(circles).entries())
      expect(distance).toBeCloseTo(circles.y[i] ? 0.5 : 1, 12);
    const moons = makeMoons({ noise: 0, rows: 50 });
    for (const [i, distance] of distances(moons).entries())
      if (moons.y[i] === 0) expect(distance).toBeCloseTo(1, 12);
    expect(Math.max(...distances(makeSpirals({ noise: 0 })))).toBeCloseTo(1, 12);
    const wave = makeWave({ rows: 50, noise: 0 });
    for (const [i, height] of wave.y.entries()) {
      const [a, b] = wave.x.data.subarray(2 * i, 2 * i + 2);
      expect(Math.max(Math.abs(a), Math.abs(b))).toBeLessThanOrEqual(1);
      expect(height).toBeCloseTo(Math.sin(Math.PI * a) * Math.cos(Math.PI * b), 12);
    }
    const { x, y } = makeRegression({ rows: 30, columns: 4, informative: 1, noise: 0 });
    const weight = y[0] / x.data[0];
    expect(Math.abs(weight)).toBeGreaterThanOrEqual(1);
    for (let i = 0; i < 30; i++) expect(y[i]).toBeCloseTo(weight * x.data[4 * i], 12);
  });

  it("refuses wrong options", () => {
    for (const options of [{ rows: 0 }, { noise: -1 }, { seed: 0.5 }, { n: 3 }])
      for (const make of [makeXor, makeMoons, makeCircles, makeSpirals, makeBlobs, makeRegression, makeWave])
        expect(() => make(options as never)).toThrow(OptionError);
    expect(() => makeParity({ bits: 17 })).toThrow(OptionError);
    expect(() => makeSpirals({ turns: 0 })).toThrow(OptionError);
    expect(() => makeRegression({ columns: 2, informative: 3 })).toThrow(
      "makeRegression: informative must be at most columns, 2; got 3",
    );
  });
});

describe("a network learns", () => {
  const accuracyOf = async ({ x, y }: ToyClasses, classes: number) => {
    const model = sequential({ input: [x.shape[1]], seed: 1 }, [
      dense(24, { activation: "tanh" }),
      dense(16, { activation: "tanh" }),
      dense(classes, { activation: "softmax" }),
    ]);
    const trainer = compile(model, { loss: crossEntropy(), optimizer: adam({ learningRate: 0.02 }) });
    await trainer.fit({ x, y }, { epochs: 400 });
    return trainer.evaluate({ x, y }).accuracy;
  };
  it.each([
    ["xor", makeXor({ seed: 1 }), 2],
    ["parity", makeParity({ bits: 3 }), 2],
    ["moons", makeMoons({ seed: 1 }), 2],
    ["circles", makeCircles({ seed: 1, noise: 0.05 }), 2],
    ["spirals", makeSpirals({ seed: 1, classes: 3, noise: 0.02 }), 3],
    ["blobs", makeBlobs({ seed: 1, noise: 0.5 }), 3],
  ] as const)("%s", async (_, data, classes) => {
    expect(await accuracyOf(data, classes)).toBeGreaterThan(0.97);
  });

  it("a regression", async () => {
    const { x, y } = makeRegression({ noise: 0.01, seed: 2 });
    const trainer = compile(sequential({ input: [10], seed: 1 }, [dense(1)]), {
      loss: meanSquaredError(),
      optimizer: adam({ learningRate: 0.05 }),
    });
    await trainer.fit({ x, y }, { epochs: 200 });
    expect(trainer.evaluate({ x, y }).loss).toBeLessThan(0.001);
  });
});
