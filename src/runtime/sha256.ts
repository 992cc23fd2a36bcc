/**
 * SHA-256 (FIPS 180-4), synchronous and in plain integer arithmetic: `crypto.subtle` is asynchronous and absent from
 * pages without https.
 */

const BLOCK_BYTES = 64;
const ROUNDS = 64;

/** The first 32 bits behind the point. */
const fraction = (x: number) => ((x - Math.floor(x)) * 0x100000000) | 0;

/** Newton's method in f64, whose 53 bits are far more than the 35 that are wanted. */
function cubeRoot(x: number): number {
  let root = x;
  for (let i = 0; i < 32; i++) root -= (root - x / (root * root)) / 3;
  return root;
}

/** The standard's constants: fractions of the square and cube roots of the first 64 primes. */
function rootsOfPrimes(): { readonly square: Int32Array; readonly cube: Int32Array } {
  const primes: number[] = [];
  for (let n = 2; primes.length < ROUNDS; n++) if (primes.every((p) => n % p !== 0)) primes.push(n);
  return {
    square: Int32Array.from(primes, (p) => fraction(Math.sqrt(p))),
    cube: Int32Array.from(primes, (p) => fraction(cubeRoot(p))),
  };
}

let roots: ReturnType<typeof rootsOfPrimes> | undefined;

/** A digest under way. */
export interface Sha256 {
  add(bytes: Uint8Array): void;
  /** The digest of all bytes that were added, in lower-case hexadecimal; nothing may be added afterwards. */
  end(): string;
}

/** Takes bytes in pieces, without a copy of more than a block. */
export function startSha256(): Sha256 {
  roots ??= rootsOfPrimes();
  const { square, cube } = roots;
  const state = square.slice(0, 8);
  const schedule = new Int32Array(ROUNDS);
  const block = new Uint8Array(BLOCK_BYTES);
  const blockView = new DataView(block.buffer);
  /** Bytes so far, of which the last few wait in `block`. */
  let length = 0;
  const add = (bytes: Uint8Array) => {
    let at = 0;
    const waiting = length % BLOCK_BYTES;
    length += bytes.length;
    if (waiting > 0) {
      at = Math.min(bytes.length, BLOCK_BYTES - waiting);
      block.set(bytes.subarray(0, at), waiting);
      if (waiting + at < BLOCK_BYTES) return;
      compress(state, blockView, 0, schedule, cube);
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (; at + BLOCK_BYTES <= bytes.length; at += BLOCK_BYTES) compress(state, view, at, schedule, cube);
    block.set(bytes.subarray(at));
  };
  const end = () => {
    // A bit that is set, zeros, and the number of bits as a big-endian u64.
    const bytes = length;
    const padding = new Uint8Array(((BLOCK_BYTES * 2 - 9 - (bytes % BLOCK_BYTES)) % BLOCK_BYTES) + 9);
    padding[0] = 0x80;
    const view = new DataView(padding.buffer);
    view.setUint32(padding.length - 8, Math.floor(bytes / 0x20000000));
    view.setUint32(padding.length - 4, bytes << 3);
    add(padding);
    return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  };
  return { add, end };
}

/** The digest of the bytes of all parts in turn, in lower-case hexadecimal. */
export function sha256(parts: readonly Uint8Array[]): string {
  const digest = startSha256();
  for (const part of parts) digest.add(part);
  return digest.end();
}

const rotate = (x: number, n: number) => (x >>> n) | (x << (32 - n));

function compress(state: Int32Array, data: DataView, at: number, w: Int32Array, k: Int32Array): void {
  for (let t = 0; t < 16; t++) w[t] = data.getInt32(at + 4 * t);
  for (let t = 16; t < ROUNDS; t++) {
    const s0 = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ (w[t - 15] >>> 3);
    const s1 = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ (w[t - 2] >>> 10);
    w[t] = (w[t - 16] + s0 + w[t - 7] + s1) | 0;
  }
  let a = state[0];
  let b = state[1];
  let c = state[2];
  let d = state[3];
  let e = state[4];
  let f = state[5];
  let g = state[6];
  let h = state[7];
  for (let t = 0; t < ROUNDS; t++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + k[t] + w[t]) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}
