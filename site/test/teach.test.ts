import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { buildSync } from "esbuild";
import { expect, it } from "vitest";
import { readTensors } from "wasmgrad";
import { READY, readyDrawing } from "../pages/teach/ready.ts";
import {
  canTeach,
  filledShapes,
  firstShapes,
  MOST,
  MOST_DRAWINGS,
  MOST_POINTS,
  programOf,
  readShapes,
  renamed,
  withDrawing,
  withoutDrawing,
  withoutShape,
  withShape,
} from "../pages/teach/shapes.ts";
import { answer, type Drawing, picture, reopen, type Shape, teach } from "../pages/teach/teach.ts";

const recorded: { readonly shapes: readonly Shape[] } = JSON.parse(
  readFileSync(new URL("fixtures/strokes.json", import.meta.url), "utf8"),
);
const source = readFileSync(new URL("../pages/teach/teach.ts", import.meta.url), "utf8");
const line: Drawing = [
  [
    [100, 200],
    [300, 400],
  ],
];
const moved = (drawing: Drawing, scale: number, by: number): Drawing =>
  drawing.map((stroke) => stroke.map(([x, y]) => [x * scale + by, y * scale + by] as const));
const near = (a: Float32Array, b: Float32Array) => a.every((value, i) => Math.abs(value - b[i]) < 1e-4);

it("learns any three of five shapes from 8 drawings each, and names 9 of 10 others at least", async () => {
  const { shapes } = recorded;
  const triples = shapes.flatMap((a, i) =>
    shapes.slice(i + 1).flatMap((b, j) => shapes.slice(i + j + 2).map((c) => [a, b, c])),
  );
  expect(triples).toHaveLength(10);
  for (const triple of triples) {
    const model = await teach(triple.map(({ name, drawings }) => ({ name, drawings: drawings.slice(0, 8) })));
    const held = triple.flatMap(({ name, drawings }) =>
      drawings.slice(8).map((drawing) => ({ name, drawing })),
    );
    expect(held).toHaveLength(30);
    const right = held.filter(({ name, drawing }) => {
      const answers = answer(model, drawing);
      return answers.every(
        ({ label, probability }) =>
          label === name || probability < answers.find((one) => one.label === name)!.probability,
      );
    });
    expect(right.length, triple.map(({ name }) => name).join()).toBeGreaterThanOrEqual(27);
  }
});

it("gives the same model for the same drawings, and another for another order", async () => {
  const shapes = filledShapes();
  const digests = [];
  for (const set of [shapes, filledShapes(), shapes.toReversed()]) digests.push((await teach(set)).digest());
  // `everywhere/teach.mjs` compares it with what browsers show.
  expect(digests[0].slice(0, 12)).toBe("eeb40ffcc08d");
  expect(digests[1]).toBe(digests[0]);
  expect(digests[2]).not.toBe(digests[0]);
});

it("leaves shapes without drawings out, and answers the others in order", async () => {
  const model = await teach(withShape(filledShapes()));
  expect(model.labels).toEqual(["circle", "triangle", "star"]);
  const answers = answer(model, readyDrawing("triangle", 7));
  expect(answers.map(({ label }) => label)).toEqual(["circle", "triangle", "star"]);
  expect(answers[1].probability).toBeGreaterThan(0.9);
  expect(answers.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5);
});

it("opens a saved model with the same parameters", async () => {
  const model = await teach(filledShapes());
  const again = reopen(model.save());
  expect(again.digest()).toBe(model.digest());
  const star = readyDrawing("star", 3);
  expect(answer(again, star)).toEqual(answer(model, star));
  expect(Object.keys(readTensors(model.save()).tensors)).toContain("dense1.weight");
});

it("sees the same picture wherever a drawing is, however large, and in whichever order it was drawn", () => {
  const house = readyDrawing("house", 4);
  const seen = picture(house);
  expect(near(picture(moved(house, 0.5, 100)), seen)).toBe(true);
  expect(near(picture(house.toReversed().map((stroke) => stroke.toReversed())), seen)).toBe(true);
  expect(near(picture(readyDrawing("house", 5)), seen)).toBe(false);
});

it("tells lines by their direction", () => {
  const [across, down, slash, backslash] = [
    [
      [0, 0],
      [9, 0],
    ],
    [
      [0, 0],
      [0, 9],
    ],
    [
      [0, 9],
      [9, 0],
    ],
    [
      [0, 0],
      [9, 9],
    ],
  ].map((stroke) => {
    const cells = picture([stroke as never]);
    return [1, 2].map((channel) =>
      Math.round(cells.reduce((sum, value, i) => (i % 3 === channel ? sum + value : sum), 0)),
    );
  });
  expect(across[0]).toBeGreaterThan(0);
  expect(down[0]).toBe(-across[0]);
  expect(backslash[1]).toBeGreaterThan(0);
  expect(slash[1]).toBe(-backslash[1]);
});

it.each([
  ["a dot", [[[5, 5]]]],
  [
    "a dot drawn twice",
    [
      [
        [5, 5],
        [5, 5],
      ],
    ],
  ],
  ["nothing", []],
])("gives a finite picture of %s", (_, drawing) => {
  expect(picture(drawing as never).every(Number.isFinite)).toBe(true);
});

it("learns from dots and endless scribbles without a fault", async () => {
  const scribble: Drawing = [
    Array.from({ length: MOST_POINTS }, (_, i) => [(i * 379) % 1000, (i * 611) % 1000] as const),
  ];
  const model = await teach([
    { name: "dot", drawings: [[[[500, 500]]]] },
    { name: "scribble", drawings: [scribble] },
  ]);
  expect(answer(model, scribble)[1].probability).toBeGreaterThan(0.5);
});

it("ends where its signal says so", async () => {
  await expect(teach(filledShapes(), AbortSignal.abort())).rejects.toThrow();
});

it("has fewer than 120 lines, and needs nothing but wasmgrad", () => {
  expect(source.trim().split("\n").length).toBeLessThan(120);
  expect([...source.matchAll(/from "(.*)"/g)].map(([, from]) => from)).toEqual(["wasmgrad"]);
});

it("changes shapes without changing what was", () => {
  const before = JSON.stringify(firstShapes);
  const added = withDrawing(firstShapes, 1, line);
  expect(added[1].drawings).toEqual([line]);
  expect(withoutDrawing(added, 1, 0)).toEqual(firstShapes);
  expect(withoutShape(added, 0).map(({ name }) => name)).toEqual(["triangle", "star"]);
  expect(canTeach(added)).toBe(false);
  expect(canTeach(withDrawing(added, 0, line))).toBe(true);
  expect(JSON.stringify(firstShapes)).toBe(before);
});

it("gives every shape a name of its own", () => {
  const name = (wanted: string) => renamed(firstShapes, 0, wanted)[0].name;
  expect(name("  box ")).toBe("box");
  expect(name("star")).toBe("star 2");
  expect(renamed(renamed(withShape(firstShapes), 0, "star"), 1, "star")[1].name).toBe("star 3");
  expect(renamed(firstShapes, 0, "   ")).toBe(firstShapes);
  expect(renamed(firstShapes, 0, "circle")).toBe(firstShapes);
  expect(name("x".repeat(1000))).toHaveLength(40);
  let shapes = firstShapes;
  while (shapes.length < MOST) shapes = withShape(shapes);
  expect(new Set(shapes.map((shape) => shape.name)).size).toBe(MOST);
});

it("reads back what it kept, and nothing else", () => {
  const good = filledShapes();
  expect(readShapes(JSON.parse(JSON.stringify(good)))).toEqual(good);
  const withFirst = (change: object) => [{ ...good[0], ...change }, good[1]];
  for (const bad of [
    undefined,
    null,
    "shapes",
    {},
    [],
    good.slice(0, 1),
    withFirst({ drawings: [[[]]] }),
    [...good, ...good],
    [good[0], good[0]],
    [null, good[1]],
    withFirst({ name: "" }),
    withFirst({ name: 7 }),
    withFirst({ name: "x".repeat(1000) }),
    withFirst({ drawings: undefined }),
    withFirst({ drawings: [[]] }),
    withFirst({ drawings: [[[[1, Number.NaN]]]] }),
    withFirst({ drawings: [[[[1, 1e300]]]] }),
    withFirst({ drawings: [[[[1, 2, 3]]]] }),
    withFirst({ drawings: [[[["1", 2]]]] }),
    withFirst({ drawings: Array(MOST_DRAWINGS + 1).fill(line) }),
    withFirst({ drawings: [[Array(MOST_POINTS + 1).fill([1, 2])]] }),
  ])
    expect(readShapes(bad), JSON.stringify(bad)?.slice(0, 80)).toBeUndefined();
});

it("draws ready-made shapes within the sheet, each number another one", () => {
  for (const name of READY) {
    const drawings = Array.from({ length: 100 }, (_, seed) => readyDrawing(name, seed));
    expect(new Set(drawings.map((drawing) => JSON.stringify(drawing))).size).toBe(100);
    expect(readyDrawing(name, 42)).toEqual(drawings[42]);
    for (const value of drawings.flat(3))
      expect(value >= 0 && value <= 1000 && Number.isInteger(value)).toBe(true);
  }
});

it("exports a program that makes the same model, whatever shapes are called", async () => {
  const names = ['"; process.exit(1); "', "*/ `\u2028 </script>", "__proto__"];
  const shapes = filledShapes().map(({ drawings }, i) => ({ name: names[i], drawings }));
  const program = programOf(source, shapes);
  expect(program).not.toContain("\u2028");
  const folder = mkdtempSync(new URL("fixtures/program-", import.meta.url).pathname);
  try {
    const file = join(folder, "shapes.ts");
    writeFileSync(file, program);
    buildSync({
      entryPoints: [file],
      outfile: join(folder, "shapes.mjs"),
      format: "esm",
      logLevel: "silent",
    });
    const said: unknown[][] = [];
    const log = console.log;
    console.log = (...given) => said.push(given);
    try {
      await import(pathToFileURL(join(folder, "shapes.mjs")).href);
    } finally {
      console.log = log;
    }
    expect(said.at(-1)).toEqual([`model ${(await teach(shapes)).digest()}`]);
    expect(said.slice(0, -1).map(([name]) => name)).toEqual(names.flatMap((name) => Array(5).fill(name)));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
