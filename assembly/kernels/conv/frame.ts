/** Images with what a window reads around them. */
import { loadUpTo4, storeUpTo4 } from "../../simd";

/** Copies `n` words; neither address needs alignment. */
export function copyWords(to: usize, from: usize, n: i32): void {
  for (; n >= 4; n -= 4, to += 16, from += 16) v128.store(to, v128.load(from));
  if (n > 0) storeUpTo4(to, loadUpTo4(from, n), n);
}

/**
 * Whether windows need a frame: padding that they reach, or channels of a group that stand apart. Otherwise they read the
 * image itself.
 *
 * @param rows columns  of what the windows reach
 */
// @ts-ignore: decorator
@inline
export function isFramed(h: i32, w: i32, rows: i32, columns: i32, top: i32, left: i32, groups: i32): bool {
  return top != 0 || left != 0 || rows > h || columns > w || groups > 1;
}

/** Bytes of a frame, a multiple of 16. */
// @ts-ignore: decorator
@inline
export function frameBytes(rows: i32, columns: i32, channels: i32): usize {
  return (((<usize>rows * <usize>columns * <usize>channels) << 2) + 15) & ~15;
}

/**
 * Lays an image into its frame. What is outside of the image was zeroed once, and stays.
 *
 * @param to        out [rows, columns, channels]: what falls into it of the image
 * @param x         in  [h, w, of which pixels are `pixel` bytes apart]: the first channel wanted
 * @param channels  of a pixel that are copied
 * @param top left  where the image begins in the frame; below 0: so much of it is left out
 */
export function frame(
  to: usize, x: usize, h: i32, w: i32, pixel: usize, channels: i32, rows: i32, columns: i32, top: i32, left: i32,
): void {
  const from = max(0, left);
  const count = min(columns, left + w) - from;
  if (count <= 0) return;
  const size = <usize>channels << 2;
  const last = min(rows, top + h);
  for (let i = max(0, top); i < last; ++i) {
    let source = x + <usize>((i - top) * w + from - left) * pixel;
    let target = to + <usize>(i * columns + from) * size;
    if (pixel == size) copyWords(target, source, count * channels);
    else
      for (let j = 0; j < count; ++j, source += pixel, target += size) copyWords(target, source, channels);
  }
}
