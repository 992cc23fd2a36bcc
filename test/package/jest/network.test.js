const { rank } = require("wasmgrad/analysis");
const { collapseLinear } = require("wasmgrad/transform");
const wasmgrad = require("wasmgrad");

const { adam, binaryCrossEntropy, compile, createEngine, dense, sequential } = wasmgrad;
const model = sequential({ input: [2], seed: 42 }, [
  dense(8, { activation: "tanh" }),
  dense(1, { activation: "sigmoid" }),
]);
const x = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const y = Float32Array.of(0, 1, 1, 0);

test("trains, and predicts into an array of Jest's realm", async () => {
  const trainer = compile(model, { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.05 }) });
  const { reason } = await trainer.fit({ x, y }, { epochs: 1000, stopWhen: { lossBelow: 0.01 } });
  expect(reason).toBe("lossBelow");
  expect(trainer.digest()).toBe(process.env.EXPECTED_DIGEST);
  const out = trainer.predict(x, { out: new Float32Array(4) });
  expect(Array.from(out, Math.round)).toEqual([0, 1, 1, 0]);
  const restored = compile(model);
  restored.restore(trainer.state());
  expect(restored.predict(x).data).toEqual(trainer.predict(x).data);
});

test("has one set of classes for all entry points", () => {
  expect(() => rank("x")).toThrow(wasmgrad.ShapeError);
  expect(
    rank([
      [1, 2],
      [2, 4],
    ]),
  ).toBe(1);
  const linear = sequential({ input: [2] }, [dense(3), dense(1)]);
  expect(Object.keys(compile(collapseLinear(linear)).parameters)).toEqual(["dense2.weight", "dense2.bias"]);
});

test("makes engines, and refuses relaxed kernels where they cannot run", async () => {
  const engine = await createEngine();
  expect(compile(model, { engine }).predict(x).shape).toEqual([4, 1]);
  const relaxed = await createEngine({ relaxed: true }).catch((error) => error);
  expect(relaxed.relaxed ?? relaxed.name).toEqual(relaxed.relaxed ? true : "UnsupportedEngineError");
});
