/**
 * Writes bytes and WebAssembly code as text that gzip makes small; `assembly/unpack` reads it.
 *
 * Bytes are written as numbers: 0 to 88 is one digit, more is two, and each of the 91 digits a printable character. Code is taken apart: one part has the instructions in
 * their order, as indices of a table; others have the operands, those of a kind together. gzip finds more repetitions in
 * each of these than in their mixture.
 */

/** Parts of a link's code, by their index; a byte of RAW does not say whether another follows. */
const INSTRUCTIONS = 0;
const LOCALS = 1;
const CONSTANTS = 2;
const ADDRESSES = 3;
const OTHERS = 4;
const RAW = 5;
const CODE_PARTS = 6;

const DIGITS = 91;
/** Numbers of one digit; the other digits begin a number of two. */
const SINGLE = 89;

/**
 * The characters of digits, the more frequent in a minified page the earlier: strings need not escape any of them. The more
 * frequent a digit is, the earlier is its character, so that text and code can share the codes of gzip.
 */
const CHARACTERS =
  "et,nrsoa()i.u=l:f{}bcphdm;[]1g0wy$v23?&>`6+54AkxSE|MO-Ijz78<N*q9#/FRUWVBGXCJPTLD_^KHYQZ%'~@";
/** Ends a part. */
const SEPARATOR = "!";

function digitsOfNumber(value) {
  if (value < SINGLE) return value;
  const rest = value - SINGLE;
  const first = SINGLE + Math.floor(rest / DIGITS);
  if (!(first < DIGITS)) throw new Error(`kernels: a number must fit in two digits; got ${value}`);
  return [first, rest % DIGITS];
}

export const digitsOf = (numbers) => [...numbers].flatMap(digitsOfNumber);

/** How many of something, in two numbers. */
export const digitsOfCount = (count) => digitsOf([count % 128, Math.floor(count / 128)]);

/** The texts of links, given the digits of their parts. The first begins with the characters of the digits. */
export function textsOf(links) {
  const uses = Array(DIGITS).fill(0);
  for (const digit of links.flat(2)) uses[digit]++;
  const byUse = [...uses.keys()].sort((a, b) => uses[b] - uses[a]);
  const characters = [];
  byUse.forEach((digit, i) => {
    characters[digit] = CHARACTERS[i];
  });
  return links.map((parts, link) => {
    const texts = parts.map((digits) => digits.map((digit) => characters[digit]).join("") + SEPARATOR);
    return [...(link === 0 ? characters : []), ...texts].join("");
  });
}

/** Operands of an instruction: their part, and how many LEB128 numbers they are, or raw bytes. */
const NONE = [INSTRUCTIONS, 0];
/** The type of a block is the only operand among the instructions, which tells the reader that a block begins. */
const BLOCK = [INSTRUCTIONS, 1];
/** Of a switch, the number of operands comes before them. */
const COUNTED = [OTHERS, 7];

/** Of instructions without a prefix: the last opcode of each range, and the operands there. */
const PLAIN = [
  [0x01, NONE], // unreachable, nop
  [0x04, BLOCK], // block, loop, if
  [0x05, NONE], // else
  [0x0a],
  [0x0b, NONE], // end
  [0x0d, [OTHERS, 1]], // br, br_if
  [0x0e, COUNTED], // br_table
  [0x0f, NONE], // return
  [0x10, [OTHERS, 1]], // call
  [0x19],
  [0x1b, NONE], // drop, select
  [0x1f],
  [0x24, [LOCALS, 1]], // and globals
  [0x27],
  [0x3e, [ADDRESSES, 2]], // loads and stores
  [0x40],
  [0x42, [CONSTANTS, 1]], // integers
  [0x43, [RAW, 4]], // f32.const
  [0x44, [RAW, 8]], // f64.const
  [0xc4, NONE], // arithmetic
];
const BULK = [
  [0x07, NONE], // trunc_sat
  [0x09],
  [0x0a, [OTHERS, 2]], // memory.copy
  [0x0b, [OTHERS, 1]], // memory.fill
];
const SIMD = [
  [0x0b, [ADDRESSES, 2]], // loads and stores
  [0x0d, [RAW, 16]], // v128.const, shuffle
  [0x14, NONE],
  [0x22, [OTHERS, 1]], // lanes
  [0x53, NONE],
  [0x5b, [ADDRESSES, 3]], // loads and stores of lanes
  [0x5d, [ADDRESSES, 2]], // loads with zeros
  [0x1ff, NONE], // relaxed ones too
];
const ATOMIC = [
  [0x02, [ADDRESSES, 2]], // notify, wait
  [0x03, [OTHERS, 1]], // fence
  [0x4e, [ADDRESSES, 2]],
];
const PREFIXED = { 252: BULK, 253: SIMD, 254: ATOMIC };

/** The bytes of a LEB128 number. */
function lebAt(bytes, from) {
  let to = from;
  while (bytes[to++] > 127);
  return [...bytes.subarray(from, to)];
}

/** Takes the body of a function apart: of each part, the numbers; of instructions themselves, what they are. */
function partsOf(body) {
  const parts = Array.from({ length: CODE_PARTS }, () => []);
  let at = 0;
  const take = (part, count) => {
    for (; count > 0; count--) {
      const bytes = part === RAW ? [body[at]] : lebAt(body, at);
      parts[part].push(...bytes);
      at += bytes.length;
    }
  };
  // Locals: how many groups, and of each its length and type.
  take(OTHERS, 1 + 2 * body[0]);
  while (at < body.length) {
    const prefix = PREFIXED[body[at]];
    const sub = prefix ? lebAt(body, at + 1) : [];
    const code = prefix ? sub.reduce((sum, byte, i) => sum + (byte & 127) * 128 ** i, 0) : body[at];
    const opcode = [body[at], ...sub];
    const operands = (prefix ?? PLAIN).find(([last]) => code <= last)?.[1];
    if (!operands) throw new Error(`kernels: instructions must be known; got opcode ${opcode}`);
    parts[INSTRUCTIONS].push({ opcode, operands });
    at += opcode.length;
    let [part, count] = operands;
    if (operands === COUNTED) parts[part].push((count = body[at] + 2));
    take(part, count);
  }
  return parts;
}

/**
 * The parts of the links' code: the streams, and the table of the instructions that the links before do not have.
 *
 * @param links of each, the bodies of its functions without their sizes
 */
export function codeOf(links) {
  const code = links.map((bodies) => {
    const parts = bodies.map(partsOf);
    return Array.from({ length: CODE_PARTS }, (_, part) => parts.flatMap((of) => of[part]));
  });
  const table = new Map();
  code.forEach(([instructions], link) => {
    for (const { opcode, operands: [part, count] = [] } of instructions) {
      if (!opcode) continue;
      const key = opcode.join();
      const entry = table.get(key) ?? { opcode, kind: part + CODE_PARTS * count, link, uses: 0 };
      table.set(key, entry);
      entry.uses++;
    }
  });
  const byUse = [...table.values()].sort((a, b) => a.link - b.link || b.uses - a.uses);
  const byKind = (a, b) => a.link - b.link || a.kind - b.kind || compare(a.opcode, b.opcode);
  const sorted = [...byUse.slice(0, SINGLE), ...byUse.slice(SINGLE).sort(byKind)];
  sorted.forEach((entry, index) => {
    entry.index = index;
  });
  const indexOf = ({ opcode }) => table.get(opcode.join()).index;
  return code.map((parts, link) => [
    ...parts.map((numbers) => digitsOf(numbers.map((n) => (n.opcode ? indexOf(n) : n)))),
    digitsOf(
      sorted
        .filter((entry) => entry.link === link)
        .flatMap(({ opcode, kind }) => [kind, opcode.length, ...opcode, 0, 0].slice(0, 5)),
    ),
  ]);
}

const compare = (a, b) => a.reduce((order, byte, i) => order || byte - (b[i] ?? 0), 0);
