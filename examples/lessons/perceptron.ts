import { compile, logicGate, perceptron } from "wasmgrad";
import { check, lesson, say, square, table } from "./print.ts";

lesson(
  "One sign unit computes AND and OR, and can learn them",
  "sign(x1 + x2 - 1.5) is AND and sign(x1 + x2 - 0.5) is OR; the perceptron rule finds such weights by itself.",
  "Q6.3a",
);

// biome-ignore format: a table
const x = [[0, 0], [0, 1], [1, 0], [1, 1]];
const labels = { and: [-1, -1, -1, 1], or: [-1, 1, 1, 1] };

for (const name of ["and", "or"] as const) {
  const y = labels[name];
  const gate = compile(logicGate(name));
  const unit = perceptron({ inputs: 2 });
  const { reason, epochs, updates } = unit.fit({ x, y });
  const learned = compile(unit.toModel());
  const [byHand, found] = [gate.predict(x).data, learned.predict(x).data];

  say(`  ${name.toUpperCase()}`);
  table(
    ["x1 x2", "by hand", "learned"],
    x.map((row, i) => [row.join("  "), byHand[i], found[i]]),
  );
  const [w1, w2] = unit.weights;
  say(
    `  learned: w = [${w1}, ${w2}], b = ${unit.bias}, after ${updates} corrections in ${epochs} epochs: ${reason}\n`,
  );
  square(
    (points) => learned.predict(points).data.map((v) => (v + 1) / 2),
    y.map((v) => (v > 0 ? "1" : "0")),
    { columns: 33, lines: 17 },
  );
  const right = (data: Float32Array) => data.every((v, i) => v === y[i]);
  check(`${name}: both are right on all four rows`, right(byHand) && right(found));
  say();
}
