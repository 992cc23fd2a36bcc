import { describe, expect, it } from "vitest";
import {
  type AdamWOptions,
  adamW,
  compile,
  crossEntropy,
  dense,
  meanSquaredError,
  model,
  OptionError,
  sequential,
} from "../../src/index.ts";
import { classes, stateDigest, thrownBy } from "../fixtures.ts";

const net = (seed = 7) =>
  sequential({ input: [5], seed }, [
    dense(9, { activation: "relu", name: "first" }),
    dense(6, { activation: "tanh", name: "second" }),
    dense(3, { activation: "softmax", name: "last" }),
  ]);
const trainerOf = (options: AdamWOptions, seed?: number) =>
  compile(net(seed), { loss: crossEntropy(), optimizer: adamW(options), batchSize: 8 });
type Trainer = ReturnType<typeof trainerOf>;
const data = classes(21);
const names = "first.weight, first.bias, second.weight, second.bias, last.weight, last.bias";

const copyOf = ({ parameters }: Trainer) =>
  Object.fromEntries(Object.entries(parameters).map(([name, p]) => [name, p.data.slice()]));
const rates = ({ program }: Trainer) =>
  program.plan.counters.entries.flatMap(({ name, kind }, i) =>
    kind === "rate" ? [[name, program.counter(i)]] : [],
  );

describe("groups of an optimizer", () => {
  it("take parameters by name, each the first that matches", () => {
    const { program } = trainerOf({
      groups: [{ match: /^second/ }, { match: /bias$/ }, { match: /weight/ }],
    });
    expect(program.plan.variables.map((v) => [v.name, v.group])).toEqual([
      ["first.weight", 2],
      ["first.bias", 1],
      ["second.weight", 0],
      ["second.bias", 0],
      ["last.weight", 2],
      ["last.bias", 1],
    ]);
  });

  it("with the settings of all others give the bits of a trainer without groups", () => {
    const plain = trainerOf({ learningRate: 0.01, weightDecay: 0.1 });
    const grouped = trainerOf({
      ...{ learningRate: 0.01, weightDecay: 0.1 },
      groups: [
        { match: /^second/ },
        { match: /bias$/, learningRate: 0.01 },
        { match: /./, weightDecay: 0.1 },
      ],
    });
    const expected = plain.fitSync(data, { epochs: 5 });
    expect(grouped.fitSync(data, { epochs: 5 })).toEqual(expected);
    expect(grouped.digest()).toBe(plain.digest());
  });

  it("of a rate of 0 keep every bit through 100 steps, whatever their decay", () => {
    for (const weightDecay of [0, 0.5]) {
      const trainer = trainerOf({
        learningRate: 0.01,
        groups: [{ match: /^second/, learningRate: 0, weightDecay }],
      });
      const before = copyOf(trainer);
      for (let step = 0; step < 100; step++) trainer.step(classes(8, step));
      for (const [name, values] of Object.entries(copyOf(trainer)))
        if (name.startsWith("second")) expect(values).toEqual(before[name]);
        else expect(values).not.toEqual(before[name]);
    }
  });

  it("have rates that belong to the state", () => {
    const options = {
      learningRate: 0.01,
      groups: [{ match: /bias$/, learningRate: 0.02 }, { match: /^last/ }],
    };
    const trainer = trainerOf(options);
    expect(rates(trainer)).toEqual([
      ["learningRate.1", 0.02],
      ["learningRate.2", 0.01],
      ["learningRate", 0.01],
    ]);
    trainer.fitSync(data);
    const saved = trainer.state();
    trainer.setLearningRate(0.5);
    trainer.fitSync(data);
    trainer.restore(saved);
    expect(rates(trainer).map(([, rate]) => rate)).toEqual([0.02, 0.01, 0.01]);
    // Another trainer of these groups goes on with the rates of the state, not with its own.
    const other = trainerOf(
      { learningRate: 0.3, groups: options.groups.map((g) => ({ ...g, learningRate: 0.4 })) },
      99,
    );
    other.restore(saved);
    for (const each of [trainer, other]) each.fitSync(data, { epochs: 3 });
    expect(stateDigest(other)).toBe(stateDigest(trainer));
  });

  it("have their rates set to one by setLearningRate, those of 0 as well", () => {
    const changed = trainerOf({
      ...{ learningRate: 0.01, weightDecay: 0.1 },
      groups: [
        { match: /bias$/, learningRate: 0.02, weightDecay: 0 },
        { match: /^last/, learningRate: 0 },
      ],
    });
    const made = trainerOf({
      ...{ learningRate: 0.05, weightDecay: 0.1 },
      groups: [{ match: /bias$/, weightDecay: 0 }, { match: /^last/ }],
    });
    changed.setLearningRate(0.05);
    expect(rates(changed).map(([, rate]) => rate)).toEqual([0.05, 0.05, 0.05]);
    for (const each of [changed, made]) each.fitSync(data, { epochs: 3 });
    expect(stateDigest(changed)).toBe(stateDigest(made));
  });

  it("move the powers of every group with each step", () => {
    const trainer = trainerOf({ beta1: 0.5, groups: [{ match: /bias$/ }, { match: /^last/ }] });
    for (let step = 0; step < 3; step++) trainer.step(classes(8));
    const { counters } = trainer.program.plan;
    for (const name of ["beta1Power.1", "beta1Power.2", "beta1Power"])
      expect(trainer.program.counter(counters.indexOf(name))).toBe(0.125);
  });

  it("show in the manifest", () => {
    const { optimizer } = trainerOf({ groups: [{ match: /bias$/i, weightDecay: 0 }] }).manifest().options as {
      optimizer: object;
    };
    expect(optimizer).toMatchObject({ weightDecay: 0.01, groups: [{ match: "/bias$/i", weightDecay: 0 }] });
  });

  const unmatched: [string, AdamWOptions["groups"], number, string][] = [
    ["matches nothing", [{ match: /bias$/ }, { match: /kernel/ }], 1, "/kernel/"],
    [
      "matches only what a group before it took",
      [{ match: /^last/ }, { match: /^last.bias/ }],
      1,
      "/^last.bias/",
    ],
  ];
  for (const [name, groups, at, got] of unmatched)
    it(`one that ${name} is refused by compile, with the names there are`, () => {
      const error = thrownBy(() => trainerOf({ groups }));
      expect(error).toBeInstanceOf(OptionError);
      expect(error.message).toBe(
        `compile: groups[${at}].match of the optimizer must match a trained parameter that no group before it matches, one of ${names}; got ${got}`,
      );
    });

  it("one that matches only what no loss reaches is refused, too", () => {
    const two = model({ inputs: { x: [2] } }, ({ x }) => ({
      a: dense(1, { name: "a" })(x),
      b: dense(1, { name: "b" })(x),
    }));
    const optimizer = adamW({ groups: [{ match: /^b/ }] });
    expect(() => compile(two, { loss: { a: meanSquaredError() }, optimizer })).toThrow(
      "one of a.weight, a.bias; got /^b/",
    );
  });

  const wrong: [string, unknown, string][] = [
    ["groups that are no list", { match: /a/ }, "adamW: groups must be an array of { match, .. }; got "],
    ["a match that is a string", [{ match: "bias" }], "adamW: groups[0]: match must be a regular expression"],
    [
      "a match with g",
      [{ match: /bias/g }],
      "adamW: groups[0]: match must be a regular expression without g and y, such as /bias$/",
    ],
    [
      "a match with y",
      [{ match: /bias/y }],
      "adamW: groups[0]: match must be a regular expression without g and y, such as /bias$/",
    ],
    ["a negative decay", [{ match: /a/, weightDecay: -1 }], "adamW: groups[0]: weightDecay must be"],
    [
      "a negative rate",
      [{ match: /a/ }, { match: /b/, learningRate: -1 }],
      "adamW: groups[1]: learningRate must be",
    ],
    ["an unknown setting", [{ match: /a/, lr: 1 }], "adamW: groups[0]"],
  ];
  for (const [name, groups, message] of wrong)
    it(`refuse ${name}`, () => {
      const error = thrownBy(() => adamW({ groups: groups as never }));
      expect(error).toBeInstanceOf(OptionError);
      expect(error.message).toContain(message);
    });
});
