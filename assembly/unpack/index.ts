/**
 * A module of its own: puts the binary of the kernels together from the texts of their links, which `scripts/kernel-text.mjs`
 * writes. In JavaScript that would take longer than all else of a cold start.
 *
 * The binary has the sections of the first link, with the functions and the exports of all. Functions are those of the first
 * link, those that earlier links call of the last, and of each before it down to the second, then the others of the second, and
 * of each behind it. Where a link is missing, a function that traps stands for each of it that earlier ones call.
 */

/** Parts of a link's text; each ends with a separator. A count is two numbers. */
const enum Part {
  /** Bodies of functions: instructions as indices of the table, and operands, those of a kind together. */
  Instructions,
  Locals,
  Constants,
  Addresses,
  Others,
  Raw,
  /** Of instructions that the links before do not have: kind of operands, length of the opcode, its bytes, of three. */
  Table,
  /** The first link: functions of its own; those that earlier links call of the last, .., and of the second. Others: the rest. */
  Bodies,
  /** How many, and their bytes. */
  Functions,
  Exports,
  /** The first link: what stands before the section of functions, before that of exports, before the code, and after it. */
  Head,
  Globals,
  Elements,
  Data,
  Count,
}

const enum Section {
  Function = 3,
  Export = 7,
  Code = 10,
}

/** In place of the number of an instruction's operands: it comes before them. */
const COUNTED = 7;
/** A kind of operands is their part, and so many times their number. */
const STREAMS = 6;
const END = 0x0b;
/** A body of three bytes: no locals, `unreachable`, `end`. */
const TRAP = 0x0b000003;
const SEPARATOR = 33;
/** Links of the chain. */
const LINKS: u32 = 4;
const TABLE: usize = 1024;
const ENTRY_BYTES = 5;
/** Where the digit of each character stands. */
const DIGIT: usize = 3072;
const DIGITS: u32 = 91;
/** Room for the size of what follows. */
const SIZE_BYTES = 5;

/** Where the next byte goes. */
let out: usize = 0;

/** The address of the cursor of a link's part. */
function cursorOf(link: u32, part: u32): usize {
  return (link * Part.Count + part) * 4;
}

// @ts-ignore: decorator
@inline
function digitAt(address: usize): u32 {
  return load<u8>(DIGIT + load<u8>(address));
}

/** The next number of a part. */
function number(cursor: usize): u32 {
  let at = load<usize>(cursor);
  let value = digitAt(at++);
  if (value > 88) value = value * 91 - 8010 + digitAt(at++);
  store<usize>(cursor, at);
  return value;
}

function count(cursor: usize): u32 {
  return number(cursor) + 128 * number(cursor);
}

function put(byte: u32): void {
  store<u8>(out++, byte);
}

function putLeb(value: u32): void {
  for (; value > 127; value >>= 7) put(value | 128);
  put(value);
}

/** What is left of a part. */
function putAll(cursor: usize): void {
  while (load<u8>(load<usize>(cursor)) != SEPARATOR) put(number(cursor));
}

/** Moves what stands from `start` on behind its size. */
function putSize(start: usize): void {
  const from = start + SIZE_BYTES;
  const size = <u32>(out - from);
  out = start;
  putLeb(size);
  memory.copy(out, from, size);
  out += size;
}

function putOperands(link: u32, part: u32, operands: u32): void {
  const cursor = cursorOf(link, part);
  while (operands) {
    const byte = number(cursor);
    store<u8>(out++, byte);
    if (byte < 128 || part == Part.Raw) operands--;
  }
}

function putBody(link: u32): void {
  const start = out;
  out += SIZE_BYTES;
  // Locals: how many groups, and of each its length and type.
  putOperands(link, Part.Others, 1);
  putOperands(link, Part.Others, 2 * load<u8>(out - 1));
  let depth = 1;
  do {
    const entry = TABLE + ENTRY_BYTES * number(cursorOf(link, Part.Instructions));
    const kind = <u32>load<u8>(entry);
    store<u32>(out, load<u32>(entry, 2));
    out += load<u8>(entry, 1);
    if (kind) {
      const part = kind % STREAMS;
      let operands = kind / STREAMS;
      // Only the type of a block stands among the instructions.
      if (!part) depth++;
      if (operands == COUNTED) operands = number(cursorOf(link, part));
      putOperands(link, part, operands);
    } else if (load<u8>(entry, 2) == END) depth--;
  } while (depth);
  putSize(start);
}

/** A section with entries of all links. @returns how many */
function putEntries(links: u32, id: u32, part: u32): u32 {
  put(id);
  const start = out;
  out += SIZE_BYTES;
  let entries: u32 = 0;
  for (let link: u32 = 0; link < links; link++) entries += count(cursorOf(link, part));
  putLeb(entries);
  for (let link: u32 = 0; link < links; link++) putAll(cursorOf(link, part));
  putSize(start);
  return entries;
}

function putBodies(links: u32, link: u32, from: u32): void {
  if (from >= links) return;
  for (let bodies = count(cursorOf(from, Part.Bodies)); bodies; bodies--) {
    if (link < links) putBody(link);
    else {
      store<u32>(out, TRAP);
      out += 4;
    }
  }
}

/**
 * Writes the binary behind the texts.
 *
 * @param links how many, from the first on
 * @param text address of their texts; the first begins with the characters of the digits 0 to 90
 * @param end where they end and the binary begins
 * @returns where the binary ends
 */
export function unpack(links: u32, text: usize, end: usize): usize {
  for (let digit: u32 = 0; digit < DIGITS; digit++) store<u8>(DIGIT + load<u8>(text++), digit);
  out = TABLE;
  for (let link: u32 = 0; link < links; link++) {
    for (let part = 0; part < Part.Count; part++) {
      store<usize>(cursorOf(link, part), text);
      while (load<u8>(text++) != SEPARATOR);
    }
    putAll(cursorOf(link, Part.Table));
  }
  out = end;
  putAll(cursorOf(0, Part.Head));
  const functions = putEntries(links, Section.Function, Part.Functions);
  putAll(cursorOf(0, Part.Globals));
  putEntries(links, Section.Export, Part.Exports);
  putAll(cursorOf(0, Part.Elements));
  put(Section.Code);
  const start = out;
  out += SIZE_BYTES;
  putLeb(functions);
  putBodies(links, 0, 0);
  for (let link = LINKS - 1; link > 0; link--) putBodies(links, link, 0);
  for (let link: u32 = 1; link < links; link++) putBodies(links, link, link);
  putSize(start);
  putAll(cursorOf(0, Part.Data));
  return out;
}
