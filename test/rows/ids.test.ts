import { describe, expect, it } from "vitest";
import { DataError, ShapeError } from "../../src/errors.ts";
import type { Rows } from "../../src/rows/data.ts";
import { flattenIds, type IdRules, readIds } from "../../src/rows/ids.ts";
import { atOnce } from "../../src/steps.ts";

const rules = { rowElements: 3, below: 10 };
const said = (got: string) => new DataError(`x: ids must be whole numbers from 0 to 9; got ${got}`, "label");

const flattenAll = (what: string, data: Rows, rules: IdRules, rows: number) =>
  atOnce((jobs) => flattenIds(what, data, rules, rows, jobs));

describe("ids", () => {
  it("are read from rows, and from typed arrays of any kind", () => {
    const rows = [
      [0, 1, 2],
      [9, 8, 7],
    ];
    const flat = rows.flat();
    for (const given of [rows, Int32Array.from(flat), Float64Array.from(flat), Uint8Array.from(flat)])
      expect(flattenAll("x", given, rules, 2)).toEqual(Int32Array.from(flat));
  });

  it.each([
    [10, "10", " (ids count from 0)"],
    [-1, "-1"],
    [1.5, "1.5"],
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "Infinity"],
  ] as [number, string, string?][])("%s is refused with its row and column", (id, shown, advice = "") => {
    const at = `${shown} at row 2, column 1${advice}`;
    const rows = [
      [0, 1, 2],
      [3, 4, 5],
      [6, id, 8],
    ];
    expect(() => flattenAll("x", Float64Array.from(rows.flat()), rules, 3)).toThrow(said(at));
    if (Number.isFinite(id)) expect(() => flattenAll("x", rows, rules, 3)).toThrow(said(at));
    else
      expect(() => flattenAll("x", rows, rules, 3)).toThrow(
        new DataError(
          `x: numbers must be finite; got ${at}${Number.isNaN(id) ? " (a missing value? impute it or drop the row)" : ""}`,
          "not-finite",
        ),
      );
  });

  it("name the row as the caller counts it, wherever the reading starts", () => {
    const rows = [
      [0, 1, 2],
      [3, 4, 5],
      [6, 7, 12],
    ];
    for (const given of [rows, Int32Array.from(rows.flat())])
      expect(() => readIds("x", given, rules, 1, 2, new Int32Array(6), 0)).toThrow(
        said("12 at row 2, column 2"),
      );
  });

  it("go where they are told, and nowhere else", () => {
    const into = new Int32Array(8).fill(-1);
    readIds(
      "x",
      [
        [0, 0, 0],
        [1, 2, 3],
      ],
      rules,
      1,
      1,
      into,
      4,
    );
    expect([...into]).toEqual([-1, -1, -1, -1, 1, 2, 3, -1]);
  });

  it.each([2 ** 24 + 1, 2 ** 31 - 1])("%d, beyond what f32 tells apart, is read from every form", (id) => {
    const large = { rowElements: 1, below: 2 ** 31 };
    const data = Int32Array.of(id);
    for (const given of [data, [id], [[id]], [data], { data, shape: [1, 1] }, { data: [id], shape: [1, 1] }])
      expect([...flattenAll("x", given, large, 1)]).toEqual([id]);
  });

  it("are not rounded: what f32 takes for a whole number is refused", () => {
    for (const given of [[[0.99999999999]], [0.99999999999], { data: [0.99999999999], shape: [1, 1] }])
      expect(() => flattenAll("x", given, { rowElements: 1, below: 10 }, 1)).toThrow(
        said("0.99999999999 at row 0, column 0"),
      );
  });

  it("must be as many as a row has", () => {
    expect(() => flattenAll("x", [[0, 1]], rules, 1)).toThrow(ShapeError);
  });
});
