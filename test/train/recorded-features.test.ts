/** What accompanies an optimizer, against trajectories recorded from PyTorch in double precision. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  activation,
  activityPenalty,
  adamW,
  type Clip,
  compile,
  dense,
  l1,
  l2,
  load,
  maxNorm,
  meanSquaredError,
  sequential,
  sgd,
} from "../../src/index.ts";

interface Run {
  readonly name: string;
  readonly optimizer: "sgd" | "adamw";
  readonly options: {
    readonly groups?: readonly { match: string; learningRate: number; weightDecay: number }[];
  };
  readonly clip?: Clip;
  readonly averageWeights?: { readonly decay: number };
  readonly penalties?: readonly { kind: "l1" | "l2"; strength: number; parameters?: string[] }[];
  readonly constraints?: readonly { most: number; parameters?: string[] }[];
  readonly activityPenalty?: { readonly l1?: number; readonly l2?: number };
  readonly losses: readonly number[];
  readonly parameters: readonly Readonly<Record<string, number[]>>[];
  readonly averages?: readonly Readonly<Record<string, number[]>>[];
}

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), "utf8"));
const network = read("optimizers.json") as {
  inputs: number;
  shapes: Record<string, number[]>;
  x: number[][];
  y: number[][];
  initial: Record<string, number[]>;
};
const { runs } = read("features.json") as { runs: Run[] };

/** The names that an option is given, where it is given some. */
const of = ({ parameters }: { readonly parameters?: string[] }) => (parameters ? { parameters } : {});

function trainerOf({ optimizer, options, clip, averageWeights, penalties, constraints, ...run }: Run) {
  const { groups = [], ...settings } = options;
  const layers = [
    dense(5, { name: "dense1" }),
    ...(run.activityPenalty ? [activityPenalty(run.activityPenalty)] : []),
    activation("tanh"),
    dense(4, { name: "dense2", activation: "sigmoid" }),
    dense(2, { name: "dense3" }),
  ];
  const matched = groups.map((group) => ({ ...group, match: new RegExp(group.match) }));
  const trainer = compile(sequential({ input: [network.inputs] }, layers), {
    loss: meanSquaredError(),
    optimizer: optimizer === "sgd" ? sgd(settings) : adamW({ ...without(settings), groups: matched }),
    ...(clip ? { clip } : {}),
    ...(averageWeights ? { averageWeights } : {}),
    penalties: (penalties ?? []).map((one) => (one.kind === "l1" ? l1 : l2)(one.strength, of(one))),
    constraints: (constraints ?? []).map((one) => maxNorm(one.most, of(one))),
  });
  trainer.setParameters(
    Object.fromEntries(
      Object.entries(network.initial).map(([name, data]) => [name, { data, shape: network.shapes[name] }]),
    ),
  );
  return trainer;
}

/** Settings that the vectors name otherwise. */
const without = (settings: object) =>
  Object.fromEntries(Object.entries(settings).filter(([name]) => name !== "epsilonInsideRoot"));

/** |w - ref| <= 1e-5 max(1, |ref|) */
function expectClose(got: number, reference: number, where: string): void {
  expect(Math.abs(got - reference), `${where}: ${got} for ${reference}`).toBeLessThanOrEqual(
    1e-5 * Math.max(1, Math.abs(reference)),
  );
}

describe.each(runs)("ten steps follow PyTorch: $name", (run) => {
  const data = { x: network.x, y: network.y };

  it("in losses and parameters", () => {
    const trainer = trainerOf(run);
    run.parameters.forEach((after, t) => {
      expectClose(trainer.step(data).loss, run.losses[t], `loss ${t}`);
      for (const [name, values] of Object.entries(after))
        values.forEach((value, i) => {
          expectClose(trainer.parameters[name].data[i], value, `${name}[${i}] after step ${t + 1}`);
        });
    });
  });

  it("by one fitSync of ten epochs, with the bits of ten steps", () => {
    const [fitted, stepped] = [trainerOf(run), trainerOf(run)];
    fitted.fitSync(data, { epochs: run.losses.length });
    for (const _ of run.losses) stepped.step(data);
    expect(fitted.digest()).toBe(stepped.digest());
  });

  it.skipIf(!run.averages)("in averages", () => {
    const trainer = trainerOf(run);
    for (const [t, after] of (run.averages ?? []).entries()) {
      trainer.step(data);
      const averaged = load(trainer.save({ weights: "average" })).parameters;
      for (const [name, values] of Object.entries(after))
        values.forEach((value, i) => {
          expectClose(averaged[name].data[i], value, `${name}[${i}] after step ${t + 1}`);
        });
    }
  });
});
