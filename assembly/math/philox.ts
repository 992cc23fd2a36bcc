/**
 * Random numbers: Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1,
 * 2, 3", https://doi.org/10.1145/2063384.2063405), a counter-based generator: 128 counter bits and a 64-bit
 * key give 128 random bits, so any element is computed on its own and no state is kept. The key is the seed;
 * the counter names what is drawn:
 *
 *   initialization  (block of 4 elements, stream,            Purpose.Initialization, 0)
 *   shuffling       (low epoch word,      high epoch word,   Purpose.Shuffle,        block)
 *   dropout         (block of 4 elements, low step word,     Purpose.Dropout and high step word, pass and stream)
 */

/** Four random words. */
function philox(seed: f64, c0: u32, c1: u32, c2: u32, c3: u32): v128 {
  const key = <u64>seed;
  let k0 = <u32>key, k1 = <u32>(key >> 32);
  for (let round = 0; round < 10; ++round) {
    const low = <u64>c0 * 0xd2511f53;
    const high = <u64>c2 * 0xcd9e8d57;
    c0 = <u32>(high >> 32) ^ c1 ^ k0;
    c1 = <u32>high;
    c2 = <u32>(low >> 32) ^ c3 ^ k1;
    c3 = <u32>low;
    k0 += 0x9e3779b9;
    k1 += 0xbb67ae85;
  }
  const words = i32x4.replace_lane(i32x4.splat(c0), 1, c1);
  return i32x4.replace_lane(i32x4.replace_lane(words, 2, c2), 3, c3);
}

// Not `export function`: asc would warn that v128 cannot cross the module's border, which this never does.
export { philox };
