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
import {
  type Directory,
  directoryOf,
  FORMAT,
  firstDifference,
  identityOf,
  type StateLabels,
} from "./directory.ts";

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
  readonly f32: Float32Array;
  readonly f64: Float64Array;
}

/** Bytes that own their memory. TypeScript says so from 5.7 on; before, `Uint8Array` has no parameter for it. */
export type Bytes = ReturnType<Uint8ArrayConstructor["of"]>;

export interface StateCodec {
  save(): Bytes;
  /**
   * @param whole whether slots are needed too, as training does
   * @throws StateError for what is no state of this program, which then stays as it was
   */
  load(who: string, saved: Uint8Array, whole: boolean): void;
  /** Frozen values may have changed: what the states say of them is made anew. */
  refresh(): void;
}

/** How the states of one directory go into the block of another. */
interface Fit {
  /** Ranges that are copied as they are, in bytes. */
  readonly copies: readonly { readonly from: number; readonly to: number; readonly bytes: number }[];
  /** Counters that the states do not have: index and what they are then. */
  readonly counters: readonly (readonly [index: number, value: number])[];
  /** Ranges that the states do not have and that are 0 then. */
  readonly zeros: readonly { readonly to: number; readonly bytes: number }[];
  /** Variables that are frozen on one side: where they stand, in the states or in memory, and what they must be. */
  readonly identities: readonly {
    readonly name: string;
    readonly at: number;
    readonly elements: number;
    readonly isSaved: boolean;
    readonly digest: string;
  }[];
}

/** Reads and writes the states of one program, many times; it keeps views of the program's memory. */
export function stateCodec(program: Owner, labels: StateLabels): StateCodec {
  const { plan } = program;
  const { offset, bytes } = plan.state;
  const block = program.u8.subarray(offset, offset + bytes);
  const backup = new Uint8Array(bytes);
  const checkBlock = blockCheck(program);
  // Headers are read from a copy, because what is given may stand anywhere in its buffer.
  const header = new Uint8Array(HEADER_BYTES);
  const words = new Int32Array(header.buffer);
  const lengths = new Float64Array(header.buffer);
  let own: Directory;
  let tag: readonly [number, number];
  /** A state but for its block. */
  let blank: Bytes;
  /** How states of other directories fit, by tag: they come many at a time. */
  let fits: Map<string, Fit>;

  const refresh = () => {
    own = directoryOf(plan, labels, program.u8);
    const text = new TextEncoder().encode(JSON.stringify(own));
    tag = tagOf(text);
    fits = new Map();
    words.set([MAGIC, FORMAT, ...tag]);
    lengths[Word.BlockBytes / 2] = bytes;
    lengths[Word.DirectoryBytes / 2] = text.length;
    blank = new Uint8Array(HEADER_BYTES + bytes + text.length);
    blank.set(header);
    blank.set(text, HEADER_BYTES + bytes);
  };
  refresh();
  // What another program owns it may have trained since.
  const isGuest = plan.variables.some(({ isForeign }) => isForeign);

  return {
    refresh,
    save: () => {
      if (isGuest) refresh();
      const saved = blank.slice();
      saved.set(block, HEADER_BYTES);
      return saved;
    },
    load: (who, given, whole) => {
      if (isGuest) refresh();
      const saved = bytesOf(who, given);
      for (let i = 0; i < HEADER_BYTES; i++) header[i] = saved[i];
      checkHeader(who, saved.length, words, lengths);
      const isOwn =
        words[Word.Tag] === tag[0] &&
        words[Word.SecondTag] === tag[1] &&
        lengths[Word.BlockBytes / 2] === bytes;
      const fit = isOwn ? undefined : fitFor(who, saved, whole);
      backup.set(block);
      if (fit) copyIn(fit, saved);
      else block.set(saved.subarray(HEADER_BYTES, HEADER_BYTES + bytes));
      try {
        checkBlock(who);
      } catch (error) {
        block.set(backup);
        throw error;
      }
    },
  };

  /** How a state of another directory fits, after whatever must be the same was found to be. */
  function fitFor(who: string, saved: Uint8Array, whole: boolean): Fit {
    const key = `${words[Word.Tag]} ${words[Word.SecondTag]} ${lengths[Word.BlockBytes / 2]} ${whole}`;
    let fit = fits.get(key);
    if (!fit) {
      const blockBytes = lengths[Word.BlockBytes / 2];
      const text = saved.slice(HEADER_BYTES + blockBytes);
      const [first, second] = tagOf(text);
      if (first !== words[Word.Tag] || second !== words[Word.SecondTag])
        fail(who, "the directory of a state must be readable", "bytes that were changed");
      try {
        fit = fitOf(who, plan, own, JSON.parse(new TextDecoder().decode(text)), blockBytes, whole);
      } catch (error) {
        if (error instanceof StateError) throw error;
        return fail(who, "the directory of a state must be readable", "another text");
      }
      fits.set(key, fit);
    }
    for (const { name, at, elements, isSaved, digest } of fit.identities)
      if (identityOf(isSaved ? saved : program.u8, isSaved ? HEADER_BYTES + at : at, elements) !== digest)
        fail(
          who,
          `the state must belong to the frozen values of ${name}`,
          "a state that was made with others",
        );
    return fit;
  }

  function copyIn({ copies, counters, zeros }: Fit, saved: Uint8Array): void {
    for (const { to, bytes: count } of zeros) block.fill(0, to, to + count);
    for (const [index, value] of counters) program.f64[offset / 8 + index] = value;
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
  const format = words[Word.Format];
  if (format !== FORMAT)
    fail(
      who,
      `states must have format ${FORMAT}; ${format > FORMAT ? "install a newer version" : "older ones are not read"}`,
      `format ${format}`,
    );
  const whole = HEADER_BYTES + lengths[Word.BlockBytes / 2] + lengths[Word.DirectoryBytes / 2];
  if (length !== whole) fail(who, `a state of ${whole} bytes must be whole`, `${length} bytes`);
}

/** Where each part of this program's block stands in the block of another directory. */
function fitOf(
  who: string,
  plan: Plan,
  own: Directory,
  saved: Directory,
  blockBytes: number,
  whole: boolean,
): Fit {
  const different = firstDifference(own, saved, whole);
  if (different) fail(who, ...different);
  const copies: Fit["copies"][number][] = [];
  const counters: Fit["counters"][number][] = [];
  const zeros: Fit["zeros"][number][] = [];
  const identities: Fit["identities"][number][] = [];
  plan.counters.entries.forEach(({ name, initial }, to) => {
    const from = saved.counters.indexOf(name);
    if (from >= 0) copies.push({ from: from * 8, to: to * 8, bytes: 8 });
    else counters.push([to, initial]);
  });
  const entries = new Map(saved.variables.map((entry) => [entry.name, entry]));
  for (const { name, offset, elements, role } of plan.variables) {
    const entry = entries.get(name);
    if (role !== "frozen" && !entry)
      identities.push({ name, at: offset, elements, isSaved: false, digest: saved.frozen[name] });
    if (role === "frozen" && entry)
      identities.push({ name, at: entry.at.value, elements, isSaved: true, digest: own.frozen[name] });
  }
  // Sums of gradients and what features keep start as zeros.
  const required = new Set<string>(["value", ...(plan.train?.slots ?? []).map((slot) => slot.name)]);
  for (const { name, at, shape } of own.variables) {
    const bytes = shape.reduce((p, d) => p * d, 4);
    const entry = entries.get(name);
    for (const [kind, to] of Object.entries(at)) {
      const from = entry?.at[kind];
      if (from !== undefined) copies.push({ from, to, bytes });
      else if (!required.has(kind)) zeros.push({ to, bytes });
      else if (whole && kind !== "value")
        fail(who, `a state must hold the ${kind} of ${name}`, "a state without it");
    }
  }
  const inStates = identities.filter(({ isSaved }) => isSaved);
  const ranges = [...copies, ...inStates.map(({ at, elements }) => ({ from: at, bytes: elements * 4 }))];
  for (const { from, bytes } of ranges)
    if (!(Number.isSafeInteger(from) && from >= 0 && from + bytes <= blockBytes))
      fail(who, "the directory of a state must fit its block", `${bytes} bytes at ${from} of ${blockBytes}`);
  return { copies, counters, zeros, identities };
}

/** A check of whether what stands in a program's block can have come from training. */
function blockCheck({ plan, kernels, f32, f64 }: Owner): (who: string) => void {
  const { state, counters, layout, train, variables } = plan;
  const at = state.offset / 8;
  const { entries } = counters;
  const first = layout.at("idle");
  const elements = (layout.at("frozen") - first) >>> 2;
  const nonNegative = (train?.slots ?? []).filter((slot) => slot.nonNegative);
  // Few and short; kernels of programs that only predict have no `hasNegative`.
  const variances = variables
    .filter(({ role, nonNegative: flag }) => flag && role !== "frozen")
    .map(({ name, offset, elements }) => ({ name, from: offset >>> 2, end: (offset >>> 2) + elements }));
  const trained = (layout.regions.find(({ name }) => name === "trained")?.bytes ?? 0) >>> 2;
  return (who) => {
    for (let i = 0; i < entries.length; i++)
      if (!isSound(entries[i], f64[at + i]))
        fail(
          who,
          "the counters of a state must be finite, in range, and whole where they count",
          `${entries[i].name} ${f64[at + i]}`,
        );
    const cursor = f64[at + Counter.Cursor];
    const rows = f64[at + Counter.EpochRows];
    const micro = f64[at + Counter.MicroStep];
    const waiting = f64[at + Counter.GroupRows];
    if (!(cursor === 0 || cursor < rows))
      fail(who, "the cursor of a state must lie in its epoch", `cursor ${cursor} of ${rows} rows`);
    if (train && micro >= train.accumulate)
      fail(
        who,
        `a state must have fewer passes waiting than the ${train.accumulate} of an update`,
        `${micro}`,
      );
    if (!(waiting >= micro && waiting > 0 === micro > 0))
      fail(who, "the passes waiting in a state must have rows", `${waiting} rows in ${micro} passes`);
    if (kernels.maxMagnitude(first, elements) >= Guard.NonFinite) {
      const bad = variables.find(
        (v) => v.role !== "frozen" && kernels.maxMagnitude(v.offset, v.elements) >= Guard.NonFinite,
      );
      fail(
        who,
        "the numbers of a state must be finite",
        `NaN or infinity in ${bad?.name ?? "a slot of the optimizer"}`,
      );
    }
    for (let i = 0; i < nonNegative.length; i++)
      if (kernels.hasNegative(nonNegative[i].offset, trained))
        fail(who, `the ${nonNegative[i].name} of a state must not be negative`, "a number below 0");
    for (const { name, from, end } of variances)
      for (let i = from; i < end; i++)
        if (f32[i] < 0) fail(who, `${name} of a state must not be negative`, `${f32[i]}`);
  };
}
