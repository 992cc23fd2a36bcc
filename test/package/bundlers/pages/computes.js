import { valueAndGrad } from "wasmgrad";

console.log(valueAndGrad((a, b) => a.mul(b).exp())(0, 2).gradients.join());
