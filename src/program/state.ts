/**
 * The bytes of `state()`, little-endian: a header (magic, format, tag, lengths of what follows), the block as it stands in
 * memory, counters first, and the directory that says what is in it. The tag is a digest of the directory.
 */
import { Counter, Guard } from "../../assembly/abi.ts";
import { describe } from "../describe.ts";
import { StateError } from "../errors.ts";
import { isSound } from "../plan/counters.ts";
import type { Plan } from "../plan/planned.ts";
import type { Kernels } from "../runtime/kernels.ts";
import { sha256 } from "../runtime/sha256.ts";
import { type Directory, directoryOf, FORMAT, firstDifference, type StateLabels } from "./directory.ts";

export type { StateLabels };

const MAGIC = 0x32534757; // "WGS2"
const HEADER_BYTES = 32;

/** The i32 words of the header. */
enum Word {
  Magic = 0,
  Format,
  Tag,
  SecondTag,
  /** f64 */
  BlockBytes = 4,
  /** f64 */
  DirectoryBytes = 6,
}

/** What has a state: a program. */
interface Owner {
  readonly plan: Plan;
  readonly kernels: Kernels;
  readonly u8: Uint8Array;
  readonly f64: Float64Array;
}

export interface StateCodec {
  save(): Uint8Array<ArrayBuffer>;
  /**
   * @param whole whether slots are needed too, as training does
   * @throws StateError for what is no state of this program, which then stays as it was
   */
  load(who: string, saved: Uint8Array, whole: boolean): void;
  /** Frozen values may have changed: what the states say of them is made anew. */
  refresh(): void;
}

/** A range of a block that is copied as it is. */
interface Copy {
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
}

/** Reads and writes the states of one program, many times; it keeps views of the program's memory. */
export function stateCodec(program: Owner, labels: StateLabels): StateCodec {
  const { plan } = program;
  const { offset, bytes } = plan.state;
  const block = program.u8.subarray(offset, offset + bytes);
  const backup = new Uint8Array(bytes);
  const header = new Uint8Array(HEADER_BYTES);
  const words = new Int32Array(header.buffer);
  const lengths = new Float64Array(header.buffer);
  let own: Directory;
  let text: Uint8Array;
  let tag: readonly [number, number];
  /** How states of other directories fit, by tag: they come many at a time. */
  let fits: Map<string, readonly Copy[]>;

  const refresh = () => {
    own = directoryOf(plan, labels, program.u8);
    text = new TextEncoder().encode(JSON.stringify(own));
    tag = tagOf(text);
    fits = new Map();
  };
  refresh();

  return {
    refresh,
    save: () => {
      words.set([MAGIC, FORMAT, ...tag]);
      lengths[Word.BlockBytes / 2] = bytes;
      lengths[Word.DirectoryBytes / 2] = text.length;
      const saved = new Uint8Array(HEADER_BYTES + bytes + text.length);
      saved.set(header);
      saved.set(block, HEADER_BYTES);
      saved.set(text, HEADER_BYTES + bytes);
      return saved;
    },
    load: (who, given, whole) => {
      const saved = bytesOf(who, given);
      header.set(saved.subarray(0, HEADER_BYTES));
      checkHeader(who, saved.length, words, lengths);
      backup.set(block);
      try {
        if (
          words[Word.Tag] === tag[0] &&
          words[Word.SecondTag] === tag[1] &&
          lengths[Word.BlockBytes / 2] === bytes
        )
          block.set(saved.subarray(HEADER_BYTES, HEADER_BYTES + bytes));
        else copyByName(who, saved, whole);
        checkBlock(who, program);
      } catch (error) {
        block.set(backup);
        throw error;
      }
    },
  };

  function copyByName(who: string, saved: Uint8Array, whole: boolean): void {
    const key = `${words[Word.Tag]} ${words[Word.SecondTag]} ${whole}`;
    const start = HEADER_BYTES + lengths[Word.BlockBytes / 2];
    const copies =
      fits.get(key) ?? fitOf(who, own, saved.subarray(start), lengths[Word.BlockBytes / 2], whole);
    fits.set(key, copies);
    for (const { from, to, bytes: count } of copies)
      block.set(saved.subarray(HEADER_BYTES + from, HEADER_BYTES + from + count), to);
  }
}

function tagOf(text: Uint8Array): readonly [number, number] {
  const digest = sha256([text]);
  return [Number.parseInt(digest.slice(0, 8), 16) | 0, Number.parseInt(digest.slice(8, 16), 16) | 0];
}

function fail(who: string, rule: string, got: string): never {
  throw new StateError(`${who}: ${rule}; got ${got}`);
}

/** The bytes of a state, in whatever they come. */
function bytesOf(who: string, given: Uint8Array | ArrayBuffer): Uint8Array {
  if (ArrayBuffer.isView(given)) return new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  if (Object.prototype.toString.call(given) === "[object ArrayBuffer]") return new Uint8Array(given);
  return fail(who, "a state is a Uint8Array, as state() gives it", describe(given));
}

function checkHeader(who: string, length: number, words: Int32Array, lengths: Float64Array): void {
  if (length < HEADER_BYTES) fail(who, "bytes must be a whole state", `${length} bytes`);
  if (words[Word.Magic] !== MAGIC) fail(who, "bytes must be a state", "bytes that do not start like one");
  if (words[Word.Format] > FORMAT)
    fail(
      who,
      `states must have format ${FORMAT} at most; install a newer version`,
      `format ${words[Word.Format]}`,
    );
  const whole = HEADER_BYTES + lengths[Word.BlockBytes / 2] + lengths[Word.DirectoryBytes / 2];
  if (length !== whole) fail(who, `a state of ${whole} bytes must be whole`, `${length} bytes`);
}

/** Where each part of this program's block stands in the block of another directory. */
function fitOf(
  who: string,
  own: Directory,
  text: Uint8Array,
  blockBytes: number,
  whole: boolean,
): readonly Copy[] {
  let saved: Directory;
  try {
    saved = JSON.parse(new TextDecoder().decode(text.slice()));
  } catch {
    return fail(who, "the directory of a state must be readable", "bytes that were changed");
  }
  const different = firstDifference(own, saved, whole);
  if (different) fail(who, ...different);
  const copies: Copy[] = [];
  own.counters.forEach((name, to) => {
    const from = saved.counters.indexOf(name);
    if (from >= 0) copies.push({ from: from * 8, to: to * 8, bytes: 8 });
  });
  const entries = new Map(saved.block.map((entry) => [`${entry.kind} ${entry.name}`, entry]));
  for (const { kind, name, at, shape } of own.block) {
    const entry = entries.get(`${kind} ${name}`);
    const bytes = shape.reduce((p, d) => p * d, 4);
    if (entry) copies.push({ from: entry.at, to: at, bytes });
    else if (whole && kind !== "variable" && kind !== "gradientSum")
      fail(who, `a state must hold the ${kind} of ${name}`, "a state without it");
  }
  const broken = copies.some(({ from, bytes }) => !(from >= 0 && from + bytes <= blockBytes));
  return broken
    ? fail(who, "the directory of a state must fit its block", "bytes that were changed")
    : copies;
}

const FIT_COUNTERS = [Counter.Cursor, Counter.EpochRows, Counter.MicroStep, Counter.GroupRows];

/** Whether what stands in the block now can have come from training. */
function checkBlock(who: string, { plan, kernels, f64 }: Owner): void {
  const { state, counters, layout, train, variables } = plan;
  const at = state.offset / 8;
  const { entries } = counters;
  for (let i = 0; i < entries.length; i++)
    if (!isSound(entries[i], f64[at + i]))
      fail(
        who,
        "the counters of a state must be finite, in range, and whole where they count",
        `${entries[i].name} ${f64[at + i]}`,
      );
  const [cursor, rows, micro, waiting] = FIT_COUNTERS.map((c) => f64[at + c]);
  if (!(cursor === 0 || cursor < rows))
    fail(who, "the cursor of a state must lie in its epoch", `cursor ${cursor} of ${rows} rows`);
  if (train && micro >= train.accumulate)
    fail(who, `a state must have fewer passes waiting than the ${train.accumulate} of an update`, `${micro}`);
  if (!(waiting >= micro && waiting > 0 === micro > 0))
    fail(who, "the passes waiting in a state must have rows", `${waiting} rows in ${micro} passes`);
  const first = layout.at("idle");
  const end = layout.at("frozen");
  if (kernels.maxMagnitude(first, (end - first) >>> 2) >= Guard.NonFinite) {
    const bad = variables.find(
      (v) => v.role !== "frozen" && kernels.maxMagnitude(v.offset, v.elements) >= Guard.NonFinite,
    );
    fail(
      who,
      "the numbers of a state must be finite",
      `NaN or infinity in ${bad?.name ?? "a slot of the optimizer"}`,
    );
  }
  for (const slot of train?.slots ?? [])
    if (slot.nonNegative && kernels.hasNegative(slot.offset, trainedElements(plan)))
      fail(who, `the ${slot.name} of a state must not be negative`, "a number below 0");
}

const trainedElements = ({ layout }: Plan): number =>
  (layout.regions.find(({ name }) => name === "trained")?.bytes ?? 0) >>> 2;
