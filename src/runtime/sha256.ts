/**
 * SHA-256 (FIPS 180-4), synchronous and in plain integer arithmetic: `crypto.subtle` is asynchronous and absent from
 * pages without https.
 */

/** First 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const K = Int32Array.of(
  0x428a2f98,
  0x71374491,
  0xb5c0fbcf,
  0xe9b5dba5,
  0x3956c25b,
  0x59f111f1,
  0x923f82a4,
  0xab1c5ed5,
  0xd807aa98,
  0x12835b01,
  0x243185be,
  0x550c7dc3,
  0x72be5d74,
  0x80deb1fe,
  0x9bdc06a7,
  0xc19bf174,
  0xe49b69c1,
  0xefbe4786,
  0x0fc19dc6,
  0x240ca1cc,
  0x2de92c6f,
  0x4a7484aa,
  0x5cb0a9dc,
  0x76f988da,
  0x983e5152,
  0xa831c66d,
  0xb00327c8,
  0xbf597fc7,
  0xc6e00bf3,
  0xd5a79147,
  0x06ca6351,
  0x14292967,
  0x27b70a85,
  0x2e1b2138,
  0x4d2c6dfc,
  0x53380d13,
  0x650a7354,
  0x766a0abb,
  0x81c2c92e,
  0x92722c85,
  0xa2bfe8a1,
  0xa81a664b,
  0xc24b8b70,
  0xc76c51a3,
  0xd192e819,
  0xd6990624,
  0xf40e3585,
  0x106aa070,
  0x19a4c116,
  0x1e376c08,
  0x2748774c,
  0x34b0bcb5,
  0x391c0cb3,
  0x4ed8aa4a,
  0x5b9cca4f,
  0x682e6ff3,
  0x748f82ee,
  0x78a5636f,
  0x84c87814,
  0x8cc70208,
  0x90befffa,
  0xa4506ceb,
  0xbef9a3f7,
  0xc67178f2,
);

const BLOCK_BYTES = 64;

/** The digest of a sequence of byte arrays, in lower-case hexadecimal. */
export function sha256(parts: Iterable<Uint8Array>): string {
  /** First 32 bits of the fractional parts of the square roots of the first 8 primes. */
  const state = Int32Array.of(
    0x6a09e667,
    0xbb67ae85,
    0x3c6ef372,
    0xa54ff53a,
    0x510e527f,
    0x9b05688c,
    0x1f83d9ab,
    0x5be0cd19,
  );
  const block = new Uint8Array(BLOCK_BYTES);
  const view = new DataView(block.buffer);
  const schedule = new Int32Array(64);
  let used = 0;
  let bytes = 0;
  const push = (part: Uint8Array) => {
    for (let i = 0; i < part.length; ) {
      const take = Math.min(BLOCK_BYTES - used, part.length - i);
      block.set(part.subarray(i, i + take), used);
      used += take;
      i += take;
      if (used < BLOCK_BYTES) continue;
      compress(state, view, schedule);
      used = 0;
    }
  };
  for (const part of parts) {
    bytes += part.length;
    push(part);
  }
  push(Uint8Array.of(0x80));
  if (used > BLOCK_BYTES - 8) push(new Uint8Array(BLOCK_BYTES - used));
  block.fill(0, used);
  view.setUint32(56, Math.floor(bytes / 0x20000000));
  view.setUint32(60, (bytes << 3) >>> 0);
  compress(state, view, schedule);
  let hex = "";
  for (const word of state) hex += (word >>> 0).toString(16).padStart(8, "0");
  return hex;
}

const rotate = (x: number, n: number) => (x >>> n) | (x << (32 - n));

function compress(state: Int32Array, block: DataView, w: Int32Array): void {
  for (let t = 0; t < 16; t++) w[t] = block.getInt32(4 * t);
  for (let t = 16; t < 64; t++) {
    const s0 = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ (w[t - 15] >>> 3);
    const s1 = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ (w[t - 2] >>> 10);
    w[t] = (w[t - 16] + s0 + w[t - 7] + s1) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let t = 0; t < 64; t++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[t] + w[t]) | 0;
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
