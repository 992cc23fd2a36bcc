import { describe, expect, it } from "vitest";
import {
  adam,
  compile,
  dense,
  FileError,
  impute,
  inputColumns,
  load,
  loadTrainer,
  meanSquaredError,
  model,
  NotFittedError,
  oneHot,
  sequential,
  standardize,
} from "../../src/index.ts";
import { contentDigest } from "../../src/program/file.ts";
import { readSafetensors, writeSafetensors } from "../../src/safetensors.ts";
import { noise, stateDigest, thrownBy } from "../fixtures.ts";

const columns = () =>
  inputColumns([
    { name: "bill", kind: "number", with: "median", indicator: true },
    { name: "island", kind: "category", categories: ["Biscoe", "Dream"] },
    { name: "at", kind: "date", scale: "minMax" },
  ]);

const rows = Array.from({ length: 20 }, (_, i) => ({
  bill: i % 5 === 2 ? null : 40 + (i % 7),
  island: ["Biscoe", "Dream", "Torgersen"][i % 3],
  at: `2024-01-${10 + i}`,
}));
const y = Array.from(noise(20), (value) => 500 + 100 * value);

const make = () =>
  compile(sequential({ columns: columns(), seed: 3 }, [dense(5, { activation: "tanh" }), dense(1)]), {
    loss: meanSquaredError(),
    optimizer: adam(),
    batchSize: 8,
    targets: "standardize",
  });

describe("files of models with preprocessing", () => {
  it("predict as the trainer does, from rows of a table", () => {
    const trainer = make();
    trainer.fitSync({ x: rows, y }, { epochs: 3 });
    const expected = trainer.predict(rows).data;
    for (const bytes of [trainer.save(), trainer.save({ training: true }), trainer.snapshot().save()]) {
      const loaded = load<typeof rows>(bytes);
      expect(loaded.predict(rows).data).toEqual(expected);
      expect(loaded.preprocessing).toEqual(trainer.preprocessing);
      expect(load<typeof rows>(loaded.save()).predict(rows).data).toEqual(expected);
    }
    expect(() => load<object[]>(trainer.save()).predict([{ bill: 1, at: null }])).toThrow(
      'predict: x: rows must have the column "island"; got row 0 without it',
    );
  });

  it("go on training to the bit", () => {
    const trainer = make();
    trainer.fitSync({ x: rows, y }, { epochs: 3 });
    const again = loadTrainer<typeof rows>(trainer.save({ training: true }));
    expect(stateDigest(again)).toBe(stateDigest(trainer));
    for (const each of [trainer, again]) each.fitSync({ x: rows, y }, { epochs: 3 });
    expect(stateDigest(again)).toBe(stateDigest(trainer));
    trainer.reset();
    again.reset();
    expect(again.preprocessing).toEqual({});
  });

  it("may be of a model that is not fitted yet", () => {
    const bytes = make().save({ training: true });
    expect(() => load(bytes).predict(rows as never)).toThrow(NotFittedError);
    const trainer = loadTrainer<typeof rows>(bytes);
    const fresh = make();
    for (const each of [trainer, fresh]) each.fitSync({ x: rows, y });
    expect(stateDigest(trainer)).toBe(stateDigest(fresh));
  });

  it("hold what is fitted as F64 tensors, by name", () => {
    const trainer = make();
    trainer.adapt(rows);
    const { tensors } = readSafetensors("test", trainer.save());
    const fitted = [...tensors.values()].filter(({ dtype }) => dtype === "F64");
    expect(Object.fromEntries(fitted.map(({ name, shape }) => [name, [...shape]]))).toEqual({
      "impute1.fitted": [],
      "impute1.value": [1],
      "impute2.fitted": [],
      "impute2.value": [1],
      "minMax1.fitted": [],
      "minMax1.high": [1],
      "minMax1.low": [1],
      "standardize1.fitted": [],
      "standardize1.mean": [1],
      "standardize1.spread": [1],
      "targets.output.fitted": [],
      "targets.output.mean": [1],
      "targets.output.spread": [1],
    });
  });
});

describe("what no layer can have made is refused:", () => {
  const net = () =>
    model({ inputs: { x: [3] } }, ({ x }) =>
      dense(1)(
        oneHot({ columns: [0], categories: [3], unseen: true })(
          standardize({ columns: [1, 2] })(impute()(x)),
        ),
      ),
    );
  const bytes = compile(net()).save();

  /** The file with another description of its model, and the digest of that. */
  const withModel = (
    change: (input: Record<string, unknown>, computation: Record<string, unknown>) => void,
  ) => {
    const { metadata, tensors } = readSafetensors("test", bytes);
    const description = JSON.parse(metadata.get("model") as string);
    change(description.computation.inputs.x, description.computation);
    const entries = new Map(metadata).set("model", JSON.stringify(description));
    entries.delete("digest");
    const all = [...tensors.values()];
    return writeSafetensors(all, { ...Object.fromEntries(entries), digest: contentDigest(entries, all) });
  };
  type Steps = Record<string, unknown>[];

  it("not the file as it is", () => {
    expect(load(withModel(() => {})).save()).toEqual(load(bytes).save());
  });

  const changes: Record<
    string,
    (input: Record<string, unknown>, computation: Record<string, unknown>) => void
  > = {
    "another kind": ({ steps }) => Object.assign((steps as Steps)[0], { kind: "scale" }),
    "a kind of every object": ({ steps }) => Object.assign((steps as Steps)[0], { kind: "toString" }),
    "an unknown setting": ({ steps }) => Object.assign((steps as Steps)[1], { with: 3 }),
    "another filler": ({ steps }) => Object.assign((steps as Steps)[0], { with: "mode" }),
    "an indicator that is no flag": ({ steps }) => Object.assign((steps as Steps)[0], { indicator: 2 }),
    "a column beyond": ({ steps }) => Object.assign((steps as Steps)[1], { columns: [1, 3] }),
    "columns out of order": ({ steps }) => Object.assign((steps as Steps)[1], { columns: [2, 1] }),
    "a column twice": ({ steps }) => Object.assign((steps as Steps)[1], { columns: [1, 1] }),
    "no columns": ({ steps }) => Object.assign((steps as Steps)[1], { columns: [] }),
    "categories of other columns": ({ steps }) => Object.assign((steps as Steps)[2], { categories: [3, 3] }),
    "categories without end": ({ steps }) => Object.assign((steps as Steps)[2], { categories: [2 ** 30] }),
    "another width": ({ steps }) => Object.assign((steps as Steps)[2], { categories: [4] }),
    "no steps": (input) => Object.assign(input, { steps: [] }),
    "steps that are none": (input) => Object.assign(input, { steps: [null, 1, "x"] }),
    "one name twice": ({ steps }) => Object.assign((steps as Steps)[1], { name: "impute1" }),
    "no name": ({ steps }) => Object.assign((steps as Steps)[1], { name: 7 }),
    "raw rows of another width": (input) => Object.assign(input, { raw: [4] }),
    "raw rows of no width": (input) => Object.assign(input, { raw: [] }),
    "raw rows without end": (input) => Object.assign(input, { raw: [2 ** 29] }),
    "raw rows that are none": (input) => Object.assign(input, { raw: "x" }),
    "a column too few": (input) => Object.assign(input, { columns: [{ name: "a", kind: "number" }] }),
    "columns that are none": (input) => Object.assign(input, { columns: [1, 2, 3] }),
    "targets of no output": (_, computation) =>
      Object.assign(computation, { targets: { other: "standardize" } }),
    "other targets": (_, computation) => Object.assign(computation, { targets: { output: "minMax" } }),
  };
  it.each(Object.entries(changes))("%s", (_name, change) => {
    const error = thrownBy(() => load(withModel(change)));
    expect(error).toBeInstanceOf(FileError);
    expect(error.message).toMatch(/^load: /);
  });
});
