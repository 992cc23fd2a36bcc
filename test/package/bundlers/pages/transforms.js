import { compile, dense, sequential } from "wasmgrad";
import { collapseLinear } from "wasmgrad/transform";

const deep = sequential({ input: [2], seed: 42 }, [dense(8), dense(1)]);
console.log(Object.keys(compile(collapseLinear(deep)).parameters).join());
