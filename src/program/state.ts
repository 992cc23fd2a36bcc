/**
 * The bytes of `state()`, little-endian: a header (magic, format, tag, lengths of what follows), the block as it stands in
 * memory, counters first, and the directory that says what is in it. The tag is a digest of the directory.
 */
import { describe } from "../describe.ts";
import { StateError } from "../errors.ts";
import type { PlannedCounter } from "../plan/counters.ts";
import type { Plan, PlannedVariable } from "../plan/planned.ts";
import { sha256 } from "../runtime/sha256.ts";
import {
  counterName,
  counterPlaces,
  type Directory,
  directoryOf,
  FORMAT,
  firstDifference,
  identityOf,
  labelDifference,
  type StateLabels,
} from "./directory.ts";
import { blockCheck, checkFinite, checkRange, fail, type Owner } from "./state-check.ts";

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

/** Bytes that own their memory. TypeScript says so from 5.7 on; before, `Uint8Array` has no parameter for it. */
export type Bytes = ReturnType<Uint8ArrayConstructor["of"]>;

export interface StateCodec {
  /** @param into an earlier one, to be overwritten if it is as long */
  save(into?: Uint8Array): Bytes;
  /**
   * @param whole whether slots are needed too, as training does
   * @throws StateError for what is no state of this program, which then stays as it was
   */
  load(who: string, saved: Uint8Array, whole: boolean): void;
  /** The variables alone, without what training keeps. */
  saveVariables(): Bytes;
  /**
   * Takes the variables that fit by name and shape, and starts training anew.
   *
   * @returns what did not fit
   */
  loadPartly(who: string, saved: Uint8Array): Misfit[];
  /** Runs `read` as if the program were in a state, and puts its own back. */
  during<T>(who: string, saved: Uint8Array, read: () => T): T;
  /**
   * Keeps a state, by default the present one, for readings that come later.
   *
   * @returns what runs a reading in that state, and puts back the one it finds
   */
  hold(who: string, saved: Uint8Array | undefined): <T>(read: () => T) => T;
  /** Frozen values may have changed: what the states say of them is made anew. */
  refresh(): void;
}

/** A variable that a partial `restore` left as it was, or an entry of the state that nothing took. */
export interface Misfit {
  readonly name: string;
  /** Its shape in the model; undefined where the model has no such variable. */
  readonly shape: readonly number[] | undefined;
  /** Its shape in the state; undefined where the state has no values for it. */
  readonly stateShape: readonly number[] | undefined;
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
  const { fittedAt, size } = plan.counters;
  const fittedSize = size - fittedAt;
  const fitted = plan.counters.entries.filter(({ isFitted }) => isFitted);
  let block = program.u8.subarray(offset, offset + bytes);
  const backup = new Uint8Array(bytes);
  const checkBlock = blockCheck(program);
  // Headers are read from a copy, because what is given may stand anywhere in its buffer.
  const header = new Uint8Array(HEADER_BYTES);
  const words = new Int32Array(header.buffer);
  const lengths = new Float64Array(header.buffer);
  let own: Directory;
  let tag: Tag;
  /** A state but for its block; and one of the variables alone, once it was asked for. */
  let blank: Bytes;
  let blankVariables: Bytes | undefined;
  /** How states of other directories fit, by tag: they come many at a time. */
  let fits: Map<string, Fit>;
  // What another program owns it may have trained since.
  const isGuest = plan.variables.some(({ isForeign }) => isForeign);
  /** Whether what `describeOwn` made may no longer hold. */
  let isStale = true;

  const describeOwn = () => {
    own = directoryOf(plan, labels, program.u8);
    [blank, tag] = blankState(own, bytes);
    blankVariables = undefined;
    fits = new Map();
    isStale = false;
  };
  describeOwn();
  const attach = () => {
    // The views of a program may have been replaced.
    if (block.buffer !== program.u8.buffer) block = program.u8.subarray(offset, offset + bytes);
  };
  const prepare = () => {
    if (isStale || isGuest) describeOwn();
    attach();
  };

  /** Reads the header of what is given, which must be a whole state. */
  const open = (who: string, given: Uint8Array | ArrayBuffer): Uint8Array => {
    const saved = bytesOf(who, given);
    for (let i = 0; i < HEADER_BYTES; i++) header[i] = saved[i];
    checkHeader(who, saved.length, words, lengths);
    return saved;
  };

  const load: StateCodec["load"] = (who, given, whole) => {
    prepare();
    const saved = open(who, given);
    const isOwn =
      words[Word.Tag] === tag[0] &&
      words[Word.SecondTag] === tag[1] &&
      lengths[Word.BlockBytes / 2] === bytes;
    const fit = isOwn ? undefined : fitFor(who, saved, whole);
    backup.set(block);
    if (fit) copyIn(fit, saved);
    else block.set(saved.subarray(HEADER_BYTES, HEADER_BYTES + bytes));
    try {
      checkBlock(who, whole);
    } catch (error) {
      block.set(backup);
      throw error;
    }
  };

  const during: StateCodec["during"] = (who, saved, read) => {
    load(who, saved, false);
    try {
      return read();
    } finally {
      // Loading kept what it replaced.
      block.set(backup);
    }
  };

  return {
    // Not now: values may be frozen and yet set many times, by `copyParameters`.
    refresh: () => {
      isStale = true;
    },
    load,
    during,
    save: (into) => {
      prepare();
      let saved = into as Bytes | undefined;
      if (saved?.length === blank.length) saved.set(blank);
      else saved = blank.slice();
      saved.set(block, HEADER_BYTES);
      return saved;
    },
    saveVariables: () => {
      prepare();
      const packed = packedVariables(own, fitted);
      const start = fittedSize * 8;
      blankVariables ??= blankState(
        packed,
        packed.variables.reduce((sum, v) => sum + bytesOfValues(v), start),
      )[0];
      const saved = blankVariables.slice();
      saved.set(block.subarray(fittedAt * 8, fittedAt * 8 + start), HEADER_BYTES);
      packed.variables.forEach(({ at: { value: to }, ...v }, i) => {
        const from = own.variables[i].at.value;
        saved.set(block.subarray(from, from + bytesOfValues(v)), HEADER_BYTES + to);
      });
      return saved;
    },
    hold: (who, saved) => {
      attach();
      // Readings depend on what is fitted, among the counters, and on variables, which stand before the slots.
      const end = Math.max(size * 8, ...own.variables.map((v) => v.at.value + bytesOfValues(v)));
      const copy = () => block.slice(0, end);
      const held = saved === undefined ? copy() : during(who, saved, copy);
      return (read) => {
        attach();
        backup.set(block.subarray(0, end));
        block.set(held);
        try {
          return read();
        } finally {
          block.set(backup.subarray(0, end));
        }
      };
    },
    loadPartly: (who, given) => {
      prepare();
      const saved = open(who, given);
      const [misfits, places, counters] = readable(who, () => {
        const found = readDirectory(who, saved);
        // With as many classes in another order, the last layer would fit and mean something else.
        const different = found.labels?.length === own.labels?.length && labelDifference(own, found);
        if (different) fail(who, ...different);
        const entries = found.variables.map(({ name, at }) => [name, at.value] as const);
        return [misfitsOf(plan.variables, found), new Map(entries), fittedIn(own, found, fitted)] as const;
      });
      const kept = new Set(misfits.map(({ name }) => name));
      const taken = plan.variables.filter(({ name, isForeign }) => !isForeign && !kept.has(name));
      const frozen = taken.filter(({ role }) => role === "frozen");
      const before = frozen.map((v) => program.u8.slice(v.offset, v.offset + v.elements * 4));
      const placeOf = (v: PlannedVariable) => places.get(v.name) as number;
      for (const v of taken) checkRange(who, placeOf(v), v.elements * 4, lengths[Word.BlockBytes / 2]);
      for (const { from, bytes: count } of counters)
        checkRange(who, from, count, lengths[Word.BlockBytes / 2]);
      backup.set(block);
      startAnew();
      for (const { from, to, bytes: count } of counters)
        block.set(saved.subarray(HEADER_BYTES + from, HEADER_BYTES + from + count), to);
      for (const v of taken) {
        const at = HEADER_BYTES + placeOf(v);
        program.u8.set(saved.subarray(at, at + v.elements * 4), v.offset);
      }
      try {
        checkBlock(who, true);
        for (const v of frozen) checkFinite(who, program, v);
      } catch (error) {
        block.set(backup);
        frozen.forEach(({ offset: at }, i) => {
          program.u8.set(before[i], at);
        });
        throw error;
      }
      if (frozen.length > 0) isStale = true;
      return misfits;
    },
  };

  function readDirectory(who: string, saved: Uint8Array): Directory {
    const text = saved.slice(HEADER_BYTES + lengths[Word.BlockBytes / 2]);
    const [first, second] = tagOf(text);
    if (first !== words[Word.Tag] || second !== words[Word.SecondTag])
      fail(who, "the directory of a state must be readable", "bytes that were changed");
    return JSON.parse(new TextDecoder().decode(text));
  }

  /** How a state of another directory fits, after whatever must be the same was found to be. */
  function fitFor(who: string, saved: Uint8Array, whole: boolean): Fit {
    const key = `${words[Word.Tag]} ${words[Word.SecondTag]} ${lengths[Word.BlockBytes / 2]} ${whole}`;
    let fit = fits.get(key);
    if (!fit) {
      fit = readable(who, () =>
        fitOf(who, plan, own, readDirectory(who, saved), lengths[Word.BlockBytes / 2], whole),
      );
      fits.set(key, fit);
    }
    for (const { name, at, elements, isSaved, digest } of fit.identities)
      if (identityOf(isSaved ? saved : program.u8, isSaved ? HEADER_BYTES + at : at, elements) !== digest)
        fail(
          who,
          `the state must belong to the frozen values of ${name}`,
          "a state that was made with others",
          "mismatch",
        );
    return fit;
  }

  function copyIn({ copies, counters, zeros }: Fit, saved: Uint8Array): void {
    for (const { to, bytes: count } of zeros) block.fill(0, to, to + count);
    for (const [index, value] of counters) program.f64[offset / 8 + index] = value;
    for (const { from, to, bytes: count } of copies)
      block.set(saved.subarray(HEADER_BYTES + from, HEADER_BYTES + from + count), to);
  }

  /** As before the first step, but for the variables and the seeds. */
  function startAnew(): void {
    for (const { name, initial, at, isFitted } of plan.counters.entries)
      if (!SEEDS.has(name) && !isFitted) program.f64[offset / 8 + at] = initial;
    for (const { at, ...v } of own.variables)
      for (const [kind, to] of Object.entries(at))
        if (kind !== "value") block.fill(0, to, to + bytesOfValues(v));
  }
}

/** What is made of a directory, whose text may come from anywhere. */
function readable<T>(who: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof StateError) throw error;
    return fail(who, "the directory of a state must be readable", "another text");
  }
}

type Tag = readonly [number, number];

/** Names of counters that stay where a state has none: they belong to the trainer. */
const SEEDS: ReadonlySet<string> = new Set(["seed", "shuffleSeed"]);

const bytesOfValues = ({ shape }: { readonly shape: readonly number[] }): number =>
  shape.reduce((product, d) => product * d, 4);

/** A state with an empty block, and its tag. */
function blankState(directory: Directory, blockBytes: number): [Bytes, Tag] {
  const text = new TextEncoder().encode(JSON.stringify(directory));
  const tag = tagOf(text);
  const blank = new Uint8Array(HEADER_BYTES + blockBytes + text.length);
  new Int32Array(blank.buffer, 0, 4).set([MAGIC, FORMAT, ...tag]);
  new Float64Array(blank.buffer, 16, 2).set([blockBytes, text.length]);
  blank.set(text, HEADER_BYTES + blockBytes);
  return [blank, tag];
}

/** What a state of the variables alone says of itself. */
function packedVariables(own: Directory, fitted: readonly PlannedCounter[]): Directory {
  let end = fitted.reduce((sum, { length }) => sum + length * 8, 0);
  const variables = own.variables.map((v) => {
    const value = end;
    end += bytesOfValues(v);
    return { ...v, at: { value } };
  });
  return { ...own, optimizer: null, counters: fitted.map(counterName), variables };
}

/** What is fitted in the states of another directory by steps of the same name and settings: ranges of bytes. */
function fittedIn(own: Directory, saved: Directory, fitted: readonly PlannedCounter[]): Fit["copies"] {
  const places = counterPlaces(saved.counters);
  const settingsIn = ({ computation: { inputs, targets } }: Directory, step: string) =>
    JSON.stringify([
      Object.values(inputs).flatMap(({ steps = [] }) => steps.filter(({ name }) => name === step)),
      Object.keys(targets ?? {}).filter((output) => `targets.${output}` === step),
    ]);
  /** A step is taken whole, or not at all. */
  const fits = new Map<string, boolean>();
  for (const { name, length } of fitted) {
    const step = stepOf(name);
    const same = fits.get(step) ?? settingsIn(own, step) === settingsIn(saved, step);
    fits.set(step, same && places.get(name)?.length === length);
  }
  return fitted
    .filter(({ name }) => fits.get(stepOf(name)))
    .map(({ name, at, length }) => ({
      from: (places.get(name)?.at as number) * 8,
      to: at * 8,
      bytes: length * 8,
    }));
}

/** The step that a fitted counter belongs to. */
const stepOf = (counter: string) => counter.slice(0, counter.lastIndexOf("."));

/** What fits by name and shape on neither side, in the order of the model, then of the state. */
function misfitsOf(variables: readonly PlannedVariable[], saved: Directory): Misfit[] {
  const shapes = new Map(saved.variables.map(({ name, shape }) => [name, shape]));
  const misfits: Misfit[] = [];
  for (const { name, shape, isForeign } of variables) {
    const stateShape = shapes.get(name);
    shapes.delete(name);
    if (`${stateShape}` !== `${shape}` || !stateShape || isForeign) misfits.push({ name, shape, stateShape });
  }
  for (const [name, stateShape] of shapes) misfits.push({ name, shape: undefined, stateShape });
  return misfits;
}

function tagOf(text: Uint8Array): Tag {
  const digest = sha256([text]);
  return [Number.parseInt(digest.slice(0, 8), 16) | 0, Number.parseInt(digest.slice(8, 16), 16) | 0];
}

/** The bytes of a state, in whatever they come. */
export function bytesOf(who: string, given: Uint8Array | ArrayBuffer): Uint8Array {
  if (ArrayBuffer.isView(given)) return new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  if (Object.prototype.toString.call(given) === "[object ArrayBuffer]") return new Uint8Array(given);
  return fail(who, "a state must be the Uint8Array that state() gives, or its ArrayBuffer", describe(given));
}

/** Whether bytes begin as those of a state. */
export const isState = ([a, b, c, d]: Uint8Array): boolean =>
  a === 0x57 && b === 0x47 && c === 0x53 && d === 0x32;

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
  const borrowed = new Set(plan.variables.filter(({ isForeign }) => isForeign).map(({ name }) => name));
  const different = firstDifference(own, saved, whole, borrowed);
  if (different) fail(who, ...different, "mismatch");
  const copies: Fit["copies"][number][] = [];
  const counters: Fit["counters"][number][] = [];
  const zeros: Fit["zeros"][number][] = [];
  const identities: Fit["identities"][number][] = [];
  // After a state without an optimizer training starts anew.
  const isAnew = whole && !saved.optimizer;
  const places = counterPlaces(saved.counters);
  for (const { name, initial, at, length, isFitted } of plan.counters.entries) {
    const place = isAnew && !isFitted ? undefined : places.get(name);
    if (place?.length === length) copies.push({ from: place.at * 8, to: at * 8, bytes: length * 8 });
    else if (isFitted) fail(who, `a state must hold ${name}, ${length} numbers`, "a state without them");
    else if (!SEEDS.has(name)) counters.push([at, initial]);
  }
  const entries = new Map(saved.variables.map((entry) => [entry.name, entry]));
  for (const { name, offset, elements, role } of plan.variables) {
    const entry = entries.get(name);
    if (role !== "frozen" && !entry)
      identities.push({ name, at: offset, elements, isSaved: false, digest: saved.frozen[name] });
    if (role === "frozen" && entry)
      identities.push({ name, at: entry.at.value, elements, isSaved: true, digest: own.frozen[name] });
  }
  // Sums of gradients and what features keep start as zeros.
  const slots = isAnew ? [] : (plan.train?.slots ?? []);
  const required = new Set<string>(["value", ...slots.map((slot) => slot.name)]);
  for (const { name, at, shape } of own.variables) {
    const bytes = bytesOfValues({ shape });
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
  for (const { from, bytes } of ranges) checkRange(who, from, bytes, blockBytes);
  return { copies, counters, zeros, identities };
}
