/**
 * A worker that runs the package's script, and fails when it is told to: it follows the leader by an implementation of its own, and in
 * the stretch that begins at a given address it throws, ends, or never comes back.
 */
import { workerData } from "node:worker_threads";

const { source, orders } = workerData;
/** Words of `orders`: what to do (0: work), and where. One failure an order. */
const [WORK, THROW, EXIT, HANG] = [0, 1, 2, 3];

const [PHASE, FROM, TO, END, START, SLEEPERS, ARRIVED, LEADER_SLEEPS, PARTIES] = [
  0, 1, 2, 3, 4, 16, 32, 48, 80,
];
const CONTROL = 12;
const [BARRIER, ALONE] = [0x10000, 0x20000];

function failAt(from) {
  if (orders[1] !== from) return;
  switch (Atomics.exchange(orders, 0, WORK)) {
    case THROW:
      throw new Error("boom in a worker");
    case EXIT:
      process.exit(7);
      break;
    case HANG:
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }
}

function following(exports, memory) {
  return (program, part, parts) => {
    const i32 = new Int32Array(memory.buffer);
    const control = i32[program / 4 + CONTROL] / 4;
    let seen = i32[control + START];
    const arrive = () => {
      Atomics.add(i32, control + ARRIVED, 1);
      if (Atomics.load(i32, control + LEADER_SLEEPS)) Atomics.notify(i32, control + ARRIVED);
    };
    const goesOn = () => {
      Atomics.add(i32, control + SLEEPERS, 1);
      while (Atomics.load(i32, control + PHASE) === seen) Atomics.wait(i32, control + PHASE, seen);
      Atomics.sub(i32, control + SLEEPERS, 1);
      seen = Atomics.load(i32, control + PHASE);
      return !Atomics.load(i32, control + END);
    };
    while (goesOn()) {
      const from = i32[control + FROM];
      const to = i32[control + TO];
      for (let r = from; r < to; ) {
        const word = i32[r / 4];
        if (word & BARRIER && r !== from) {
          arrive();
          if (!goesOn()) return;
        }
        failAt(r);
        const next = r + ((word >>> 8) & 0xff) * 4;
        if (!(word & ALONE)) exports.execute(program, r, next, part, parts);
        Atomics.add(i32, control + PARTIES + 16 * part, 1);
        r = next;
      }
      arrive();
    }
  };
}

const { Instance } = WebAssembly;
WebAssembly.Instance = class {
  constructor(module, imports) {
    const { exports } = new Instance(module, imports);
    this.exports = { ...exports, follow: following(exports, imports.env.memory) };
  }
};

// biome-ignore lint/security/noGlobalEval: it is the package's own script
// biome-ignore lint/complexity/noCommaOperator: an indirect call runs it as a script
(0, eval)(source);
