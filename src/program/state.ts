/**
 * The bytes of `state()`, little-endian: magic, fingerprints of model and optimizer, seed of the parameters, length of
 * the state block; then the block as it stands in memory, counters first.
 */
import { Counter } from "../../assembly/abi.ts";
import { StateError } from "../errors.ts";
import type { Plan } from "../plan/plan.ts";
import { isArrayOf } from "../realm.ts";
import { sha256 } from "../runtime/sha256.ts";

const MAGIC = 0x31534757; // "WGS1"
const HEADER_BYTES = 32;
/** The f64 numbers from byte 16 on: those of the header, then the counters. */
const SEED = 0;
const BYTES = 1;
const COUNTERS = 2;
const COUNTS = [Counter.Step, Counter.Epoch, Counter.Cursor, Counter.EpochRows, Counter.ShuffleSeed] as const;
/** Powers of the betas, as running products. */
const POWERS = [Counter.Beta1Power, Counter.Beta2Power] as const;

export interface Seeds {
  /** Of the initial parameters. */
  readonly seed: number;
  readonly shuffleSeed: number;
}

/** What has a state: a program. */
interface Owner {
  readonly plan: Plan;
  readonly u8: Uint8Array;
  seeds: Seeds;
}

export interface StateCodec {
  save(): Uint8Array<ArrayBuffer>;
  /**
   * @param whole whether moments are needed too, as training does
   * @throws StateError for what is no state of this program, which then stays as it was
   */
  load(who: string, saved: Uint8Array, whole: boolean): void;
}

/** Reads and writes the states of one program, many times; it keeps views of the program's memory. */
export function stateCodec(program: Owner): StateCodec {
  const { offset, bytes, parameterBytes } = program.plan.state;
  const block = program.u8.subarray(offset, offset + bytes);
  const prints = fingerprints(program);
  const header = new Uint8Array(HEADER_BYTES);
  new Int32Array(header.buffer).set([MAGIC, ...prints]);
  const headerNumbers = new Float64Array(header.buffer, 16);
  headerNumbers[BYTES] = bytes;
  // Read from a copy, because what is given may stand anywhere in its buffer.
  const start = new Uint8Array(HEADER_BYTES + Counter.Count * 8);
  const words = new Int32Array(start.buffer, 0, 4);
  const numbers = new Float64Array(start.buffer, 16);

  const check = (who: string, saved: Uint8Array, whole: boolean): void => {
    const fail = (rule: string, got: string): never => {
      throw new StateError(`${who}: ${rule}; got ${got}`);
    };
    if (!isArrayOf(Uint8Array, saved)) fail("a state is a Uint8Array, as state() gives it", typeof saved);
    if (saved.length < HEADER_BYTES) fail("bytes must be a whole state", `${saved.length} bytes`);
    start.fill(0);
    start.set(saved.length > start.length ? saved.subarray(0, start.length) : saved);
    const savedBytes = numbers[BYTES];
    if (words[0] !== MAGIC) fail("bytes must be a state", "bytes that do not start like one");
    if (saved.length !== HEADER_BYTES + savedBytes)
      fail(`a state of ${savedBytes + HEADER_BYTES} bytes must be whole`, `${saved.length} bytes`);
    if (words[1] !== prints[0] || words[2] !== prints[1])
      fail("the state must be of this model", "a state of another model");
    if (whole && words[3] !== prints[2])
      fail(
        "the state must be of a trainer with the same optimizer",
        "a state of another optimizer, or of a predictor",
      );
    if (savedBytes < Counter.Count * 8 + parameterBytes || (whole && savedBytes !== bytes))
      fail("a state must hold all that it is restored to", `${savedBytes} bytes`);
    let sound = isCount(numbers[SEED]);
    for (const counter of COUNTS) sound &&= isCount(numbers[COUNTERS + counter]);
    for (const power of POWERS) sound &&= isShare(numbers[COUNTERS + power]);
    for (const number of numbers) sound &&= number - number === 0;
    const cursor = numbers[COUNTERS + Counter.Cursor];
    sound &&= cursor === 0 || cursor < numbers[COUNTERS + Counter.EpochRows];
    sound &&= numbers[COUNTERS + Counter.LearningRate] >= 0;
    if (!sound)
      fail(
        "the counters of a state must be finite, in range, and whole where they count",
        "bytes that were changed",
      );
  };

  return {
    save: () => {
      headerNumbers[SEED] = program.seeds.seed;
      const saved = new Uint8Array(HEADER_BYTES + bytes);
      saved.set(header);
      saved.set(block, HEADER_BYTES);
      return saved;
    },
    load: (who, saved, whole) => {
      check(who, saved, whole);
      block.set(saved.subarray(HEADER_BYTES, HEADER_BYTES + Math.min(numbers[BYTES], bytes)));
      program.seeds = { seed: numbers[SEED], shuffleSeed: numbers[COUNTERS + Counter.ShuffleSeed] };
    },
  };
}

const isCount = (n: number) => Number.isSafeInteger(n) && n >= 0;
const isShare = (n: number) => n >= 0 && n <= 1;

/** Tells models and optimizers apart: the first bytes of digests over the printed graph and over the settings. */
function fingerprints({ plan: { train, hyper, predict } }: Owner): readonly [number, number, number] {
  const digest = (text: string) => sha256([new TextEncoder().encode(text)]);
  const word = (hex: string, at: number) => Number.parseInt(hex.slice(at, at + 8), 16) | 0;
  const model = digest(`${predict.lowered.graph}`);
  return [word(model, 0), word(model, 8), train ? word(digest(`${train.optimizer} ${hyper.values}`), 0) : 0];
}
