import { linearSeparability, rank } from "wasmgrad/analysis";

const corners = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
console.log([rank(corners), linearSeparability(corners, [0, 1, 1, 0]).separable].join());
