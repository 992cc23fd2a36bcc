import { compile, dense, sequential } from "wasmgrad";

const model = sequential({ input: [2], seed: 42 }, [
  dense(8, { activation: "tanh" }),
  dense(1, { activation: "sigmoid" }),
]);
const x = [
  [0, 1],
  [1, 1],
];
console.log(compile(model).predict(x).data.join());
