import { compile, dense, sequential } from "wasmgrad";
import { collapseLinear } from "wasmgrad/transform";
import { check, lesson, say, show, table } from "./print.ts";

lesson(
  "Layers without activations collapse to one",
  "(X W1 + b1) W2 + b2 = X (W1 W2) + (b1 W2 + b2): without a bend in between, depth adds nothing, by induction at any depth.",
  "Q6.1",
);

const linear = (units: number) => dense(units, { biasInitializer: "glorotUniform" });
const x = Array.from({ length: 100 }, (_, i) => [Math.sin(i), Math.cos(2 * i), Math.sin(3 * i)]);

const rows: (string | number)[][] = [];
let worst = 0;
for (let depth = 2; depth <= 8; depth++) {
  const hidden = Array.from({ length: depth - 1 }, () => linear(16));
  const deep = sequential({ input: [3], seed: depth }, [...hidden, linear(2)]);
  const shallow = collapseLinear(deep);
  const [a, b] = [compile(deep), compile(shallow)];
  const [before, after] = [a.predict(x).data, b.predict(x).data];
  const difference = Math.max(...before.map((v, i) => Math.abs(v - after[i])));
  const count = (p: typeof a) => Object.values(p.parameters).reduce((sum, { data }) => sum + data.length, 0);
  worst = Math.max(worst, difference);
  rows.push([`${depth}`, count(a), count(b), before[0], after[0], show(difference, 2)]);
}
table(["D", "numbers", "collapsed", "y of row 0", "collapsed", "largest difference"], rows);
check("one layer of 8 numbers gives what D = 2 .. 8 layers give, to rounding", worst < 1e-5);

const bent = sequential({ input: [3] }, [
  linear(16),
  dense(16, { activation: "tanh" }),
  linear(16),
  linear(2),
]);
say("\n  An activation is a boundary. Before:\n");
say(bent.summary().replaceAll(/^/gm, "    "));
say("\n  and after, where two runs of two layers became one each:\n");
say(collapseLinear(bent).summary().replaceAll(/^/gm, "    "));
