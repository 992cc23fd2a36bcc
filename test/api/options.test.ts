import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { adam, adamW, compile, dense, OptionError, sequential, sgd } from "../../src/index.ts";
import { thrownBy, xor, xorModel, xorTrainer } from "./fixtures.ts";

describe("options that nobody reads are refused, so that a misspelt one does not leave a default", () => {
  const unread: Record<string, [() => unknown, string]> = {
    sgd: [() => sgd({ lr: 0.1 } as never), "sgd: options must be those in its documentation; got lr"],
    adam: [() => adam({ lr: 0.1 } as never), "adam: options must be those in its documentation; got lr"],
    adamW: [
      () => adamW({ decay: 1 } as never),
      "adamW: options must be those in its documentation; got decay",
    ],
    dense: [
      () => dense(1, { activaton: "relu", name: "head" } as never),
      "head: options must be those in its documentation; got activaton",
    ],
    sequential: [
      () => sequential({ input: [1], inputs: [1] } as never, [dense(1)]),
      "sequential: options must be those in its documentation; got inputs",
    ],
    compile: [
      () => compile(xorModel(), { batchSize: 4 } as never),
      "compile: options must be those in its documentation; got batchSize",
    ],
    fitSync: [
      () => xorTrainer().fitSync(xor, { epoch: 5 } as never),
      "fitSync: options must be those in its documentation; got epoch",
    ],
  };
  for (const [name, [act, message]] of Object.entries(unread))
    it(name, () => {
      const error = thrownBy(act);
      expect(error).toBeInstanceOf(OptionError);
      expect(error.message).toBe(message);
    });
});

describe("options by position are refused", () => {
  const wrong: Record<string, [() => unknown, string]> = {
    sgd: [() => sgd(0.1 as never), "sgd: options must be an object; got 0.1"],
    adam: [() => adam(0.1 as never), "adam: options must be an object; got 0.1"],
    adamW: [() => adamW(0.1 as never), "adamW: options must be an object; got 0.1"],
    dense: [() => dense(1, "relu" as never), 'dense: options must be an object; got "relu"'],
    compile: [() => compile(xorModel(), 32 as never), "compile: options must be an object; got 32"],
    "layers of one layer": [
      () => sequential({ input: [1] }, dense(1) as never),
      "sequential: layers must be an array of layers; got a function",
    ],
    "layers by name": [
      () => sequential({ input: [1] }, ["dense"] as never),
      "sequential: layers must be an array of layers; got an array of 1",
    ],
    "labels as one string": [
      () => compile(xorModel(), { labels: "no" as never }),
      'compile: labels must be an array of strings; got "no"',
    ],
    "labels that are numbers": [
      () => compile(xorModel(), { labels: [1, 2] as never }),
      "compile: labels must be an array of strings; got an array of 2",
    ],
    "no model": [() => compile(undefined as never), "compile: needs a model; got undefined without a graph"],
  };
  for (const [name, [act, message]] of Object.entries(wrong))
    it(name, () => {
      const error = thrownBy(act);
      expect(error.message).toContain(message);
      expect(error).toBeInstanceOf(OptionError);
    });
});

describe("a program in a console", () => {
  it("shows its summary, not its memory", () => {
    expect(inspect(xorTrainer())).toBe(xorTrainer().summary());
  });
});
