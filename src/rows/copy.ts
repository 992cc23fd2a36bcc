/** Most words for which a loop beats making a view for `set`. */
const SMALL = 32;

/** `into[at + i] = from[start + i]` for so many words, at the speed of memory where they are many. */
export function copyWords(
  into: Float32Array | Int32Array,
  at: number,
  from: Float32Array | Int32Array | Float64Array,
  start: number,
  words: number,
): void {
  if (words > SMALL) into.set(from.subarray(start, start + words) as never, at);
  else for (let i = 0; i < words; i++) into[at + i] = from[start + i];
}
