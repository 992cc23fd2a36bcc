import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile, DataError, OptionError, perceptron, ShapeError } from "../../src/index.ts";

const x = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];

describe("perceptron", () => {
  it.each([
    ["AND", [-1, -1, -1, 1]],
    ["OR", [-1, 1, 1, 1]],
    ["NAND", [1, 1, 1, -1]],
  ])("separates %s", (_, y) => {
    const unit = perceptron({ inputs: 2 });
    expect(unit.fit({ x, y })).toMatchObject({ reason: "separated", mistakes: 0 });
    expect([...unit.predict(x).data]).toEqual(y);
    expect([...compile(unit.toModel()).predict(x).data]).toEqual(y);
  });

  it("takes the steps of the rule, by hand", () => {
    const unit = perceptron({ inputs: 1 });
    // From 0: row 2 adds (2, 1); row -1 then gives -1 and is right; row 0.25 gives 1.5 and subtracts (0.25, 1).
    const result = unit.fit({ x: [[2], [-1], [0.25]], y: [1, -1, -1] }, { epochs: 1 });
    // The last row is not over yet: 0.25 * 1.75 + 0 > 0.
    expect(result).toEqual({ reason: "epochs", epochs: 1, updates: 2, mistakes: 1 });
    expect(unit.weights).toEqual(Float32Array.of(1.75));
    expect(unit.bias).toBe(0);
  });

  it("ends at its bound on XOR with at most 3 of 4 right, and says so", () => {
    const unit = perceptron({ inputs: 2 });
    const result = unit.fit({ x, y: [-1, 1, 1, -1] }, { epochs: 50 });
    expect(result).toMatchObject({ reason: "epochs", epochs: 50 });
    expect(result.mistakes).toBeGreaterThanOrEqual(1);
  });

  it("goes on from the weights it has", () => {
    const data = { x: [[3], [1]], y: [1, -1] };
    const [once, twice] = [perceptron({ inputs: 1 }), perceptron({ inputs: 1 })];
    once.fit(data, { epochs: 2 });
    twice.fit(data, { epochs: 1 });
    twice.fit(data, { epochs: 1 });
    expect(twice.weights).toEqual(once.weights);
    expect(twice.bias).toBe(once.bias);
  });

  it("finds a plane wherever random points have one with room, and predicts as the compiled model does", () => {
    const finite = fc.float({ min: -1, max: 1, noNaN: true });
    const cases = fc.integer({ min: 1, max: 20 }).chain((d) =>
      fc.record({
        normal: fc.array(finite, { minLength: d, maxLength: d }),
        points: fc.array(fc.array(finite, { minLength: d, maxLength: d }), { minLength: 1, maxLength: 30 }),
      }),
    );
    fc.assert(
      fc.property(cases, ({ normal, points }) => {
        const side = points.map((p) => p.reduce((sum, v, k) => sum + v * normal[k], 0));
        const rows = points.filter((_, i) => Math.abs(side[i]) > 0.1);
        fc.pre(rows.length > 0);
        const y = side.filter((s) => Math.abs(s) > 0.1).map(Math.sign);
        const unit = perceptron({ inputs: normal.length });
        const { reason, updates } = unit.fit({ x: rows, y }, { epochs: 100_000 });
        expect(reason).toBe("separated");
        // Novikoff's bound with the bias as one more coordinate: (radius / margin)^2.
        const length = Math.hypot(...normal);
        const radius = Math.max(...rows.map((p) => Math.hypot(1, ...p)));
        expect(updates).toBeLessThanOrEqual((radius * length) ** 2 / 0.1 ** 2 + 1);
        expect(unit.predict(rows).data).toEqual(compile(unit.toModel()).predict(rows).data);
        expect([...unit.predict(rows).data]).toEqual(y);
      }),
      { numRuns: 200, seed: 42 },
    );
  });

  it("adds up in f32, in the order of the engine", () => {
    const eps = 2 ** -23;
    for (const { w, row } of [
      { w: [1, 1, 1], row: [1, 2 ** -30, -1] },
      { w: [1, 1 + eps], row: [-(1 + 2 * eps), 1 + eps] },
    ]) {
      const unit = perceptron({ inputs: w.length });
      unit.weights.set(w);
      // Exact sums are above 0; what is lost to rounding decides.
      expect([...unit.predict([row]).data]).toEqual([0]);
      expect(unit.predict([row]).data).toEqual(compile(unit.toModel()).predict([row]).data);
    }
  });

  it("says separated when the last correction that was allowed did it", () => {
    const result = perceptron({ inputs: 1 }).fit({ x: [[1]], y: [1] }, { epochs: 1 });
    expect(result).toEqual({ reason: "separated", epochs: 1, updates: 1, mistakes: 0 });
  });

  it("gives models that do not change when it learns on", () => {
    const unit = perceptron({ inputs: 1 });
    const before = unit.toModel();
    unit.fit({ x: [[1]], y: [1] });
    expect([...compile(before).predict([[1]]).data]).toEqual([0]);
  });

  it("counts a row on the line as a mistake", () => {
    const result = perceptron({ inputs: 1 }).fit({ x: [[0], [0]], y: [1, -1] }, { epochs: 1 });
    expect(result.reason).toBe("epochs");
    expect(result.mistakes).toBe(2);
  });

  it("refuses data and options that do not fit, and changes nothing", () => {
    const unit = perceptron({ inputs: 2 });
    const fail = (data: unknown, options?: object) => expect(() => unit.fit(data as never, options));
    fail({ x, y: [0, 1, 1, 1] }).toThrow(DataError);
    fail({ x, y: [0, 1, 1, 1] }).toThrow("perceptron: labels must be -1 or 1; got 0 at row 0");
    fail({ x, y: [1, -1] }).toThrow(ShapeError);
    fail({ x: [], y: [] }).toThrow("perceptron: x and y must have as many rows, at least one; got 0 and 0");
    fail({ x: [[1, Number.NaN]], y: [1] }).toThrow(DataError);
    fail({ x: [[1, 2, 3]], y: [1] }).toThrow(ShapeError);
    fail({ x, y: [1, 1, 1, -1] }, { epochs: 0 }).toThrow(OptionError);
    expect(() => perceptron({ inputs: 0 })).toThrow("perceptron: inputs must be a whole number >= 1; got 0");
    expect(() => perceptron({} as never)).toThrow("inputs must be a whole number >= 1; got undefined");
    expect(unit.weights).toEqual(new Float32Array(2));
    expect(unit.bias).toBe(0);
  });
});
