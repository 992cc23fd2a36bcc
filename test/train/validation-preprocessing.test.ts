/** What is fitted to data is fitted to the training rows alone. */
import { expect, it } from "vitest";
import { compile, dense, meanSquaredError, sequential, sgd, standardize } from "../../src/index.ts";
import { noise } from "../fixtures.ts";

const make = () =>
  compile(sequential({ input: [3], seed: 2 }, [standardize(), dense(4, { activation: "tanh" }), dense(1)]), {
    loss: meanSquaredError(),
    optimizer: sgd({ learningRate: 0.05 }),
  });

const rows = 50;
const x = Float64Array.from(noise(3 * rows), (v, i) => 1000 * v + i);
const y = Array.from(noise(rows, 3));
const cut = 40;
const part = (from: number, to: number) => ({
  x: { data: x.slice(3 * from, 3 * to), shape: [to - from, 3] },
  y: y.slice(from, to),
});

it("preprocessing does not see the validation rows", () => {
  const [held, alone] = [make(), make()];
  const result = held.fitSync(part(0, rows), { epochs: 5, validation: { last: 0.2 } });
  alone.fitSync(part(0, cut), { epochs: 5 });
  expect(held.preprocessing).toEqual(alone.preprocessing);
  expect(held.state()).toEqual(alone.state());
  expect(result.validation).toEqual(alone.evaluate(part(cut, rows)));
});

it("drawn rows are the same for bound data, and for a trainer that was fitted before", () => {
  const [plain, bound] = [make(), make()];
  const handle = bound.bind(part(0, rows));
  for (let i = 0; i < 3; i++) {
    const options = { epochs: 2, validation: 0.3, earlyStopping: { patience: 1 } };
    expect(bound.fitSync(handle, options)).toEqual(plain.fitSync(part(0, rows), options));
    expect(bound.state()).toEqual(plain.state());
  }
});
