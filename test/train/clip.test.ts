/** Clipping of gradients, against PyTorch's rules computed by hand in f64. */
import { describe, expect, it } from "vitest";
import { adam, compile, dense, loadTrainer, meanSquaredError, sequential, sgd } from "../../src/index.ts";

const x = Array.from({ length: 7 }, (_, i) => [Math.sin(i), Math.cos(3 * i), i / 7]);
const y = x.map(([a, b]) => [10 * a - b, a * b]);

const make = (options: object, more: object = {}) =>
  compile(sequential({ input: [3], seed: 2 }, [dense(5, { activation: "tanh" }), dense(2)]), {
    loss: meanSquaredError(),
    optimizer: sgd({ learningRate: 0.5 }),
    ...options,
    ...more,
  });

type Gradients = Readonly<Record<string, { readonly data: Float32Array }>>;
const normOf = (gradients: Gradients, names: readonly string[]) =>
  Math.sqrt(names.flatMap((name) => [...gradients[name].data]).reduce((sum, g) => sum + g * g, 0));

/** What one update of plain SGD must make of each parameter when its gradient is clipped so. */
function expectUpdate(
  clip: object,
  change: (g: number, name: string, gradients: Gradients) => number,
  more: object = {},
) {
  const trainer = make({ clip }, more);
  const before = Object.entries(trainer.parameters).map(([name, { data }]) => [name, data.slice()] as const);
  const { gradients } = trainer.gradients({ x, y });
  trainer.step({ x, y });
  let clipped = 0;
  for (const [name, old] of before)
    trainer.parameters[name].data.forEach((w, i) => {
      const g = gradients[name].data[i];
      const to = change(g, name, gradients);
      if (to !== g) clipped++;
      expect(Math.abs(w - (old[i] - 0.5 * to))).toBeLessThan(1e-6);
    });
  return clipped;
}

describe("clip", () => {
  it("by the norm of all gradients: g max / (norm + 1e-6)", () => {
    const scale = (_: number, __: string, gradients: Gradients) =>
      0.25 / (normOf(gradients, Object.keys(gradients)) + 1e-6);
    expect(expectUpdate({ globalNorm: 0.25 }, (g, name, all) => g * scale(g, name, all))).toBeGreaterThan(10);
    expect(expectUpdate({ globalNorm: 1e6 }, (g) => g)).toBe(0);
  });

  it("by the norm of each parameter's gradient", () => {
    const clipped = expectUpdate({ norm: 0.5 }, (g, name, gradients) => {
      const factor = 0.5 / (normOf(gradients, [name]) + 1e-6);
      return factor < 1 ? g * factor : g;
    });
    expect(clipped).toBeGreaterThan(0);
  });

  it("by value", () => {
    expect(expectUpdate({ value: 0.1 }, (g) => Math.max(-0.1, Math.min(0.1, g)))).toBeGreaterThan(5);
  });

  it("clips the gradient of a whole group, and has the bits of none where nothing is large", () => {
    const groups = (clip: object | undefined, batchSize: number, accumulate: number) => {
      const trainer = make({ clip }, { batchSize, accumulate });
      trainer.fitSync({ x, y }, { epochs: 5, shuffle: false });
      return trainer;
    };
    const whole = groups({ globalNorm: 0.3 }, 7, 1);
    const parts = groups({ globalNorm: 0.3 }, 4, 2);
    for (const [name, { data }] of Object.entries(whole.parameters))
      data.forEach((w, i) => {
        expect(Math.abs(w - parts.parameters[name].data[i])).toBeLessThan(1e-5);
      });
    expect(groups({ globalNorm: 1e9 }, 4, 2).digest()).toBe(groups(undefined, 4, 2).digest());
  });

  it("is over all groups of an optimizer, and leaves what is frozen out", () => {
    const trainer = make({ clip: { norm: 0.1 } }, { freeze: ["dense1"], optimizer: adam() });
    const kept = trainer.parameters["dense1.weight"].data.slice();
    trainer.fitSync({ x, y }, { epochs: 2 });
    expect(trainer.parameters["dense1.weight"].data).toEqual(kept);
  });

  it("leaves a gradient that is not finite to the guard: the state stays", () => {
    const trainer = make({ clip: { globalNorm: 1 } });
    trainer.setParameters({ "dense2.weight": new Float32Array(10).fill(3e38) });
    const digest = trainer.digest();
    expect(() => trainer.fitSync({ x, y }, { epochs: 3 })).toThrow("every number must stay finite");
    expect(trainer.digest()).toBe(digest);
  });

  it.each([
    ["clipnorm", "norm"],
    ["global_clipnorm", "globalNorm"],
    ["max_norm", "globalNorm"],
    ["clipvalue", "value"],
  ])("is told by other libraries as %s, here %s", (given, name) => {
    expect(() => make({ clip: { [given]: 1 } })).toThrow(
      `compile: clip: unknown option "${given}"; did you mean ${name}? Options: globalNorm, norm, value`,
    );
    expect(() => make({ [given]: 1 })).toThrow(`unknown option "${given}"; did you mean c`);
  });

  it("is kept by files", () => {
    const trainer = make({ clip: { norm: 0.2 } });
    trainer.fitSync({ x, y }, { epochs: 2 });
    const again = loadTrainer(trainer.save({ training: true }));
    trainer.fitSync({ x, y }, { epochs: 2 });
    again.fitSync({ x, y } as never, { epochs: 2 });
    expect(again.digest()).toBe(trainer.digest());
  });

  it.each([
    [{}, "compile: clip must be one of { globalNorm }, { norm } and { value }; got"],
    [{ norm: 1, value: 1 }, "with 2 of them"],
    [{ norm: 0 }, "compile: clip: norm must be a finite number > 0"],
    [{ norms: 1 }, 'compile: clip: unknown option "norms"; did you mean norm?'],
    [1, "compile: clip: "],
  ])("refuses %j", (clip, message) => {
    expect(() => make({ clip })).toThrow(message);
  });
});
