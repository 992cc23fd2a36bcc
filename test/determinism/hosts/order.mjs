/** Prints whether the package takes this runtime for one that keeps the order of instructions, as JSON. */
import { compile, dense, sequential } from "../../../dist/index.js";

const { Instance } = WebAssembly;
let told;
WebAssembly.Instance = class {
  constructor(...args) {
    const { exports } = new Instance(...args);
    this.exports = { ...exports, setKeepsOrder: (value) => (told = value) };
  }
};
compile(sequential({ input: [1] }, [dense(1)]));
process.stdout.write(JSON.stringify({ told }), () => process.exit());
