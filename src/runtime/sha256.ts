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

/** The digest of the bytes of all parts in turn, in lower-case hexadecimal. */
export function sha256(parts: readonly Uint8Array[]): string {
  roots ??= rootsOfPrimes();
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  // A bit that is set, zeros, and the number of bits as a big-endian u64.
  const padded = new Uint8Array(Math.ceil((length + 9) / BLOCK_BYTES) * BLOCK_BYTES);
  let end = 0;
  for (const part of parts) {
    padded.set(part, end);
    end += part.length;
  }
  padded[length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(length / 0x20000000));
  view.setUint32(padded.length - 4, length << 3);

  const state = roots.square.slice(0, 8);
  const schedule = new Int32Array(ROUNDS);
  for (let at = 0; at < padded.length; at += BLOCK_BYTES) compress(state, view, at, schedule, roots.cube);
  return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

const rotate = (x: number, n: number) => (x >>> n) | (x << (32 - n));

function compress(state: Int32Array, data: DataView, at: number, w: Int32Array, k: Int32Array): void {
  for (let t = 0; t < 16; t++) w[t] = data.getInt32(at + 4 * t);
  for (let t = 16; t < ROUNDS; t++) {
    const s0 = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ (w[t - 15] >>> 3);
    const s1 = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ (w[t - 2] >>> 10);
    w[t] = w[t - 16] + s0 + w[t - 7] + s1;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let t = 0; t < ROUNDS; t++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + k[t] + w[t]) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((word, i) => {
    state[i] += word;
  });
}
