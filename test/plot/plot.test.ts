/** Pictures: what stands in the text, that an SVG is well-formed and the same again, and what is refused. */
import { describe, expect, it } from "vitest";
import { readJson, trainTable } from "../../src/data/index.ts";
import { adam, compile, crossEntropy, dense, sequential } from "../../src/index.ts";
import {
  type CanvasLike,
  confusionMatrix,
  decisionBoundary,
  histogram,
  lossCurve,
} from "../../src/plot/index.ts";
import { lineTrainer, noise, xor, xorTrainer } from "../fixtures.ts";

const history = { loss: [4, 2, 1, 0.5], validationLoss: [4, 3, 2, 2.5], accuracy: [0.1, 0.4, 0.6, 0.8] };

/** A canvas that notes what is called on its context. */
function recorder(): { canvas: CanvasLike; texts: string[]; calls: string[] } {
  const texts: string[] = [];
  const calls: string[] = [];
  const context = new Proxy({} as Record<string | symbol, unknown>, {
    get(target, name) {
      if (name in target) return target[name];
      return (...given: unknown[]) => {
        calls.push(String(name));
        if (name === "fillText") texts.push(String(given[0]));
        if (name === "measureText") return { width: String(given[0]).length * 7 };
      };
    },
  });
  return { canvas: { width: 300, height: 200, getContext: () => context }, texts, calls };
}

const trained = () => {
  const trainer = xorTrainer();
  trainer.fitSync(xor, { epochs: 300 });
  return trainer;
};

const three = () =>
  compile(sequential({ input: [2] }, [dense(3, { activation: "softmax" })]), {
    loss: crossEntropy(),
    optimizer: adam(),
    labels: ["ant", "bee", "cat"],
  });

/** Every plot, as a function of its options. */
const PLOTS: readonly [string, (options: object) => unknown][] = [
  ["lossCurve", (options) => lossCurve(history, options)],
  [
    "confusionMatrix",
    (options) =>
      confusionMatrix(
        [
          [3, 1],
          [0, 4],
        ],
        options,
      ),
  ],
  ["decisionBoundary", (options) => decisionBoundary(trained(), xor, options)],
  ["histogram", (options) => histogram(trained().parameters, options)],
];

describe.each(PLOTS)("%s", (name, plot) => {
  it("is text of at most 80 columns without colours, unless asked", () => {
    const text = plot({ color: false }) as string;
    expect(text).not.toContain("\x1b");
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    expect(plot({ color: true })).toContain("\x1b[");
  });

  it("keeps its text and the shape of its lines when it has colours", () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what colours are made of
    const bare = (plot({ color: true, width: 60 }) as string).replaceAll(/\x1b\[[\d;]*m/g, "");
    expect(bare.split("\n")).toHaveLength((plot({ color: false, width: 60 }) as string).split("\n").length);
  });

  it("is an SVG that is the same however often it is drawn", () => {
    const svg = plot({ to: "svg" }) as string;
    expect(svg).toMatch(/^<svg [^>]*width="640" height="400"[\s\S]*<\/svg>$/);
    expect(svg).not.toMatch(/NaN|undefined|ecmeta|<style|hover/);
    plot({ to: "svg", title: "another" });
    expect(plot({ to: "svg" })).toBe(svg);
  });

  it("has the size and the title that were asked for, escaped", () => {
    const svg = plot({ to: "svg", width: 500, height: 333, title: 'a < "b"' }) as string;
    expect(svg).toContain('width="500" height="333"');
    expect(svg).toContain('aria-label="a &lt; &quot;b&quot;"');
  });

  it("draws on a canvas, at once, and gives it back", () => {
    const { canvas, texts, calls } = recorder();
    expect(plot({ to: canvas, title: "mine" })).toBe(canvas);
    expect(texts).toContain("mine");
    expect(calls.filter((call) => call === "fill" || call === "stroke").length).toBeGreaterThan(3);
    // The canvas is not cleared again after the last stroke.
    expect(calls.lastIndexOf("clearRect")).toBeLessThan(calls.indexOf("fillText"));
  });

  it("names the option that is wrong", () => {
    expect(() => plot({ to: "png" })).toThrow(`${name}: to must be "text", "svg" or a canvas; got "png"`);
    expect(() => plot({ widht: 3 })).toThrow(`${name}: unknown option "widht"`);
    expect(() => plot({ width: 3 })).toThrow(`${name}: width must be a whole number from 16 to 16384; got 3`);
    expect(() => plot({ to: "svg", height: 3 })).toThrow(`${name}: height must be a whole number from 16`);
  });
});

describe("lossCurve", () => {
  it("shows loss and validation loss of a history, by epoch", () => {
    expect(lossCurve(history, { height: 4, width: 40, color: false })).toMatchInlineSnapshot(`
      "loss and validation loss
              4 ┼╮
          3.125 ┤╰───╮╌╌╌╮
           2.25 ┤    ╰───╮╌╌╌╌╌╌╌╮    ╭╌╌╌╌╌
          1.375 ┤        ╰──────╮╰╌╌╌╌╯
            0.5 ┤               ╰───────────
                 1                          4
                 ── loss   ╌╌ validation loss"
    `);
  });

  it("counts epochs as a thinned history does, and marks the best", () => {
    const result = { history, historyEvery: 25, best: { epoch: 75 } };
    expect(lossCurve(result, { color: false })).toMatch(/^ +1 +100$/m);
    expect(lossCurve(result, { to: "svg" })).toContain("best epoch");
    expect(lossCurve({ history }, { to: "svg" })).not.toContain("best epoch");
  });

  it("takes what fit resolves to", async () => {
    const trainer = lineTrainer();
    const result = await trainer.fit({ x: [[0], [1]], y: [1, 3] }, { epochs: 40 });
    expect(lossCurve(result, { color: false })).toMatch(/^loss\n[\s\S]*\n +1 +40\n/);
  });

  it("draws the columns asked for", () => {
    const svg = lossCurve(history, { to: "svg", columns: ["accuracy"] });
    expect(svg).toContain(">accuracy<");
    expect(svg).not.toContain(">loss<");
    expect(() => lossCurve(history, { columns: ["f1"] })).toThrow(
      'lossCurve: columns must be of the history; got "f1". It has: loss, validationLoss, accuracy',
    );
  });

  it("has a scale of powers of ten, for numbers that have logarithms", () => {
    const svg = lossCurve([100, 10, 1, 0.1], { to: "svg", scale: "log" });
    expect(svg).toContain(">0.1<");
    expect(() => lossCurve([1, 0], { to: "svg", scale: "log" })).toThrow(
      'lossCurve: a log scale needs numbers > 0; got another in "loss"',
    );
    expect(() => lossCurve([1], { scale: "log" })).toThrow('scale "log" is for SVG and canvas');
  });

  it.each([
    [[], "lossCurve: a history must have entries; got none"],
    [[1, Number.NaN], "lossCurve: loss must be finite numbers; got NaN at entry 1"],
    [undefined, "lossCurve: takes what fit resolves to, or its history; got undefined"],
  ])("refuses %j", (given, message) => {
    expect(() => lossCurve(given as number[])).toThrow(message);
  });

  it.each([[[1]], [[2, 2, 2]], [new Float32Array([1, 2])]])("draws %j", (given) => {
    expect(lossCurve(given, { color: false })).toMatch(/^loss\n/);
    expect(lossCurve(given, { to: "svg" })).not.toContain("NaN");
  });
});

describe("confusionMatrix", () => {
  it("counts, and has recall by row and precision by column", () => {
    const labels = ["cat", "dog"];
    expect(
      confusionMatrix(
        [
          [9, 1],
          [2, 8],
        ],
        { labels, color: false },
      ),
    ).toMatchInlineSnapshot(`
      "confusion matrix
                 predicted
      truth        cat    dog  recall
      cat            9      1    90 %
      dog            2      8    80 %
      precision   82 %   89 %
      17 of 20 right: 85 %"
    `);
  });

  it("asks a trainer", () => {
    const trainer = three();
    trainer.setParameters({
      "dense1.weight": [
        [9, 0, 0],
        [0, 9, 0],
      ],
      "dense1.bias": [0, 0, 5],
    });
    const x = [
      [1, 0],
      [0, 1],
      [0, 0],
      [1, 0],
    ];
    const expected = confusionMatrix(
      [
        [1, 0, 0],
        [1, 1, 0],
        [0, 0, 1],
      ],
      { labels: ["ant", "bee", "cat"] },
    );
    expect(confusionMatrix(trainer, { x, y: ["ant", "bee", "cat", "bee"] })).toBe(expected);
    expect(confusionMatrix(trainer, { x, y: [0, 1, 2, 1] })).toBe(expected);
    expect(
      confusionMatrix(trainer, {
        x,
        y: [
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
          [0, 1, 0],
        ],
      }),
    ).toBe(expected);
    expect(() => confusionMatrix(trainer, { x, y: ["ant", "bee", "cow", "bee"] })).toThrow(
      'confusionMatrix: y must hold classes of the model; got "cow" at row 2. Classes: ant, bee, cat',
    );
  });

  it("takes two classes of one sigmoid", () => {
    expect(confusionMatrix(trained(), xor)).toContain("4 of 4 right: 100 %");
  });

  it("fits twelve classes with long names into 80 columns", () => {
    const counts = Array.from({ length: 12 }, (_, i) =>
      Array.from({ length: 12 }, (_, j) => (i === j ? 90 : 1)),
    );
    const labels = counts.map((_, i) => `a rather long name ${i}`);
    for (const line of confusionMatrix(counts, { labels, color: false }).split("\n"))
      expect(line.length).toBeLessThanOrEqual(80);
  });

  it.each([
    [[[1, 2]], "takes a square of counts, or a trainer and { x, y }; got an array of 1"],
    [[[1, 2], [3]], "takes a square of counts"],
    [[], "takes a square of counts"],
    [
      [
        [1, -2],
        [3, 4],
      ],
      "counts must be numbers >= 0; got -2 at row 0, column 1",
    ],
    [
      [
        [1, Number.NaN],
        [3, 4],
      ],
      "counts must be numbers >= 0; got NaN at row 0, column 1",
    ],
  ])("refuses %j", (given, message) => {
    expect(() => confusionMatrix(given)).toThrow(message);
  });

  it("refuses another number of names than classes", () => {
    expect(() =>
      confusionMatrix(
        [
          [1, 2],
          [3, 4],
        ],
        { labels: ["a"] },
      ),
    ).toThrow("confusionMatrix: labels must be 2 names, one a class; got 1");
  });
});

describe("decisionBoundary", () => {
  it("shows which class the model gives to each place, and the rows", () => {
    const text = decisionBoundary(trained(), xor, { height: 7, color: false });
    const cells = text
      .split("\n")
      .slice(2, 9)
      .map((line) => line.slice(11));
    const at = (x: number, y: number) => cells[y < 0.5 ? 6 : 0][x < 0.5 ? 0 : 20];
    // The corners have the classes of XOR: the second class is dark.
    expect([at(0, 0), at(1, 1), at(0, 1), at(1, 0)]).toEqual(["·", "·", "░", "░"]);
    expect(text.match(/[AB]/g)).toHaveLength(4 + 2);
  });

  it("shows numbers of a regression", () => {
    const trainer = compile(sequential({ input: [2] }, [dense(1)]));
    const data = { x: noise(40), y: noise(20) };
    expect(decisionBoundary(trainer, data, { color: false })).toContain("o: a row of the data");
    expect(decisionBoundary(trainer, data, { to: "svg" })).toContain("<svg");
  });

  it("cuts through more columns where axes say so, at the means of the others", () => {
    const trainer = compile(sequential({ input: [3] }, [dense(1)]));
    trainer.setParameters({ "dense1.weight": [[0], [10], [0]], "dense1.bias": [0] });
    const x = [
      [0, 1, 5],
      [1, 3, 5],
      [0, 2, 9],
    ];
    expect(() => decisionBoundary(trainer, { x, y: [0, 1, 2] })).toThrow(
      "decisionBoundary: x must have two columns; got 3: say which two, such as { axes: [0, 1] }",
    );
    // Column 1 stays at 2, so that every place has 20.
    const text = decisionBoundary(trainer, { x, y: [20, 20, 20] }, { axes: [0, 2], color: false });
    expect(text).toMatch(/ 20 .* 21 /);
    expect(() => decisionBoundary(trainer, { x, y: [0, 1, 2] }, { axes: [0, 3] })).toThrow(
      "decisionBoundary: axes must be columns from 0 to 2; got 3",
    );
    expect(() => decisionBoundary(trainer, { x, y: [0, 1, 2] }, { axes: [1, 1] })).toThrow(
      "decisionBoundary: axes must be two different columns, such as [0, 1]; got an array of 2",
    );
  });

  it("takes what trainTable gives, with the names of its columns", async () => {
    const rows = Array.from({ length: 40 }, (_, i) => ({
      width: i % 8,
      height: i % 5,
      kind: i % 8 < 4 ? "p" : "q",
    }));
    const { trainer, data, report } = await trainTable(readJson(rows), { target: "kind", epochs: 30 });
    const text = decisionBoundary(trainer, data, { color: false });
    expect(text).toMatch(/\n +height\n/);
    expect(text).toMatch(/ width /);
    expect(text).toMatch(/· A p {3}░ B q$/);
    expect(lossCurve(report, { color: false })).toMatch(/^loss and validation loss\n/);
    expect(confusionMatrix(trainer, data)).toMatch(/^\d+ of 40 right: /m);
  });

  it("needs a trainer, rows and targets", () => {
    expect(() => decisionBoundary({} as never, xor)).toThrow(
      "decisionBoundary: needs a trainer or predictor; got {}",
    );
    expect(() => decisionBoundary(trained(), { x: xor.x } as never)).toThrow(
      "decisionBoundary: data must be { x, y }",
    );
    expect(() => decisionBoundary(trained(), { x: [[0, "1"]], y: [0] })).toThrow(
      'decisionBoundary: x must hold numbers; got "1" at row 0, column 1',
    );
  });
});

describe("histogram", () => {
  it("counts numbers by intervals, the greatest in the last", () => {
    expect(histogram([0, 1, 1, 2, 2, 2, 4], { bins: 4, width: 40, color: false })).toMatchInlineSnapshot(`
      "histogram
             0.0 ┤████████▋ 1
             1.0 ┤█████████████████▍ 2
             2.0 ┤██████████████████████████ 3
             3.0 ┤████████▋ 1
                 7 numbers, mean 1.714, standard deviation 1.161"
    `);
  });

  it("takes a parameter, typed arrays, and all parameters by name", () => {
    const { parameters } = trained();
    const weight = histogram(parameters["dense1.weight"], { color: false });
    expect(weight).toContain("16 numbers");
    expect(histogram(parameters["dense1.weight"].data, { color: false })).toBe(weight);
    const all = histogram(parameters, { color: false });
    for (const name of Object.keys(parameters)) expect(all).toContain(name);
    expect(all).toContain(weight.split("\n").slice(1).join("\n"));
  });

  it("has no negative zero among its edges", () => {
    const text = histogram([-1, 0.9999], { bins: 2, color: false });
    expect(text).toMatch(/ 0\.00 ┤/);
    expect(text).not.toContain("-0.00 ");
  });

  it("draws numbers that are all the same", () => {
    expect(histogram([2, 2], { color: false })).toContain("█ 2");
    expect(histogram([2, 2], { to: "svg" })).not.toMatch(/NaN|Infinity/);
  });

  it.each([
    [[], "histogram: needs numbers; got none"],
    [[1, Number.NaN], "histogram: numbers must be finite; got NaN at 1"],
    [{ w: [1, Infinity] }, "histogram: w: numbers must be finite; got Infinity at 1"],
    [{}, "histogram: takes numbers, a parameter, or trainer.parameters; got {}"],
    ["text", 'histogram: takes numbers, a parameter, or trainer.parameters; got "text"'],
  ])("refuses %j", (given, message) => {
    expect(() => histogram(given as number[])).toThrow(message);
  });
});
