/** Parameters of one program moved towards those of another. */
import { describe, expect, it } from "vitest";
import {
  adam,
  compile,
  copyParameters,
  dense,
  meanSquaredError,
  model,
  nested,
  sequential,
} from "../../src/index.ts";
import { thrownBy as errorOf, noise } from "../fixtures.ts";

const thrownBy = (act: () => unknown) => `${errorOf(act)}`;

const net = (seed = 1, units = 4) =>
  sequential({ input: [3], seed }, [dense(units, { activation: "tanh" }), dense(2)]);
const train = { loss: meanSquaredError(), optimizer: adam() };

describe("copyParameters", () => {
  it("copies every bit", () => {
    const source = compile(net(1), train);
    const target = compile(net(2));
    // A mixture in f64 would lose the small ones beside the large ones.
    source.setParameters({ "dense1.bias": [1e-30, -0, 3, 4] });
    target.setParameters({ "dense1.bias": [1e30, 1, 1, 1] });
    copyParameters(source, target);
    expect(target.digest()).toBe(source.digest());
    expect(Object.is(target.parameters["dense1.bias"].data[1], -0)).toBe(true);
  });

  it("goes a part of the way: target + mix (source - target), in f64, rounded once", () => {
    const source = compile(net(1), train);
    const target = compile(net(2), train);
    const before = target.parameters["dense1.weight"].data.slice();
    const from = source.parameters["dense1.weight"].data.slice();
    const slots = target.digest({ training: true });
    copyParameters(source, target, { mix: 0.3 });
    expect(target.digest({ training: true })).not.toBe(slots);
    expect([...target.parameters["dense1.weight"].data]).toEqual(
      [...before].map((own, i) => Math.fround(own + 0.3 * (from[i] - own))),
    );
    expect(source.parameters["dense1.weight"].data).toEqual(from);
    copyParameters(source, target, { mix: 0 });
    copyParameters(source, target, { mix: 1 });
    expect(target.digest()).toBe(source.digest());
    expect(target.steps).toBe(0);
  });

  it("goes on being a follower as its source is trained", () => {
    const source = compile(net(1), train);
    const target = compile(net(1));
    const expected = target.parameters["dense2.bias"].data.slice();
    for (let i = 0; i < 20; i++) {
      source.step({ x: noise(3 * 8, i), y: noise(2 * 8, 50 + i) });
      copyParameters(source, target, { mix: 0.125 });
      const now = source.parameters["dense2.bias"].data;
      expected.forEach((own, j) => {
        expected[j] = own + 0.125 * (now[j] - own);
      });
    }
    expect(target.parameters["dense2.bias"].data).toEqual(expected);
  });

  it("goes from part to part, of one program too, and into what is frozen", () => {
    const critic = net(1);
    const both = model({ inputs: { x: [3] }, seed: 3 }, ({ x }) => ({
      online: nested(critic, { name: "online" })(x),
      target: nested(critic, { name: "target" })(x),
    }));
    const trainer = compile(both, {
      loss: { online: meanSquaredError() },
      optimizer: adam(),
      freeze: ["target"],
    });
    copyParameters(trainer, trainer, { from: "online", to: "target" });
    const x = noise(3 * 8, 1);
    const { online, target } = trainer.predict({ x });
    expect(target.data).toEqual(online.data);
    const before = trainer.state();
    trainer.step({ x: { x }, y: { online: noise(2 * 8, 2) } });
    copyParameters(trainer, trainer, { from: "online", to: "target", mix: 0.5 });
    // States say which frozen values they belong to: those of now.
    expect(thrownBy(() => trainer.restore(before))).toMatch(/the frozen values of target\.dense1\.weight/);
    trainer.restore(trainer.state());
    const alone = compile(critic);
    copyParameters(trainer, alone, { from: "target" });
    expect(alone.predict(x).data).toEqual(trainer.predict({ x }).target.data);
    copyParameters(alone, trainer, { to: "online" });
    expect(trainer.predict({ x }).online.data).toEqual(alone.predict(x).data);
    // One layer, or one parameter of it.
    trainer.setParameters({ "online.dense1.bias": [1, 2, 3, 4] });
    copyParameters(trainer, alone, { from: "online.dense1", to: "dense1" });
    expect([...alone.parameters["dense1.bias"].data]).toEqual([1, 2, 3, 4]);
    copyParameters(trainer, trainer, { from: "online.dense1.bias", to: "target.dense1.bias" });
    expect([...trainer.parameters["target.dense1.bias"].data]).toEqual([1, 2, 3, 4]);
  });

  it("refuses what does not fit, and changes nothing then", async () => {
    const source = compile(net(1), train);
    const target = compile(net(2));
    const digest = target.digest();
    const copy = copyParameters as (...given: unknown[]) => void;
    for (const [given, message] of [
      [
        [source, compile(net(1, 5))],
        "ShapeError: copyParameters: dense1.weight must have the shape of dense1.weight in the target, [3, 5]; got [3, 4]",
      ],
      [
        [source, target, { to: "dense3" }],
        'OptionError: copyParameters: to must name a part of the target; got "dense3": it has dense1.weight, dense1.bias, dense2.weight, dense2.bias',
      ],
      [
        [source, target, { from: "dense3" }],
        "OptionError: copyParameters: the source must have what dense1.weight is to be; got no dense3.dense1.weight in it",
      ],
      [[source, target, { mix: 1.5 }], "OptionError: copyParameters: mix must be in [0, 1]; got 1.5"],
      [
        [source, target, { tau: 0.5 }],
        /^OptionError: copyParameters: unknown option "tau"; did you mean mix\?/,
      ],
      [
        [net(1), target],
        /^OptionError: copyParameters: source and target must be trainers or predictors; got/,
      ],
    ] as const) {
      if (typeof message === "string") expect(thrownBy(() => copy(...given))).toBe(message);
      else expect(thrownBy(() => copy(...given))).toMatch(message);
    }
    expect(target.digest()).toBe(digest);
    const run = source.fit({ x: noise(300, 1), y: noise(200, 2) }, { epochs: 100 });
    expect(thrownBy(() => copyParameters(target, source))).toMatch(/^BusyError: copyParameters: /);
    // From one in training it takes the last whole step.
    copyParameters(source, target);
    await run;
    target.dispose();
    expect(thrownBy(() => copyParameters(source, target))).toMatch(/^DisposedError: copyParameters: /);
  });
});
