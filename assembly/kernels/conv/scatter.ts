import { partStart } from "../../parts";
import { copyWords, frameBytes } from "./frame";
import { rows1, rows2, rows4 } from "./tiles";

/** Images that run side by side, as the rows of a tile. */
const IMAGES = 4;
/** Elements that a tile may write past a run. */
const SPILL = 8;

/**
 * The gradient of the input of a convolution, by what each output pixel gives to the pixels that it was made of:
 *
 *   dx[n, i, j, c] = sum over u, v, f of dy[n, u, v, f] w[i + top - u sh, j + left - v sw, c, f]  (p = i + top - u sh a multiple of dh, ..)
 *
 * For any stride; with stride 1 `conv` with flipped weights gives the same bits, faster where c is 8 or more and the padding
 * small beside the image.
 *
 * @param dx       out [n, h, w, c] f32; overwritten, never read
 * @param dy       in  [n, oh, ow, o] f32
 * @param panels   in  W by convPack, of kind Scattered; 16-byte aligned
 * @param top left padding in front, at least 0
 * @param scratch  of convScatterScratchBytes, 16-byte aligned
 *
 * Order: each dx starts at +0 and adds (u, v, f) ascending.
 * Parts: cut between groups of four images.
 * Aliasing: dx and scratch overlap neither each other nor an input.
 * Cost: 2 n oh ow o kh kw c / groups operations, runs of the window rounded up to eight columns.
 */
export function convScatter(
  dx: usize, dy: usize, panels: usize, n: i32, h: i32, w: i32, c: i32, oh: i32, ow: i32, o: i32,
  kh: i32, kw: i32, sh: i32, sw: i32, dh: i32, dw: i32, top: i32, left: i32, groups: i32, scratch: usize,
  part: i32, parts: i32,
): void {
  const channels = c / groups;
  const filters = o / groups;
  const rows = (oh - 1) * sh + (kh - 1) * dh + 1;
  const columns = (ow - 1) * sw + (kw - 1) * dw + 1;
  const pitch = frameBytes(rows, columns, channels) + (SPILL << 2);
  const pixel = <usize>channels << 2;
  const line = <usize>columns * pixel;
  const imageY = <usize>(oh * ow * o) << 2;
  const imageX = <usize>(h * w * c) << 2;
  const end = partStart(n, IMAGES, part + 1, parts);
  for (let image = partStart(n, IMAGES, part, parts); image < end; image += IMAGES) {
    const count = min(IMAGES, end - image);
    for (let group = 0; group < groups; ++group) {
      memory.fill(scratch, 0, <usize>count * pitch);
      const from = dy + <usize>image * imageY + (<usize>(group * filters) << 2);
      scatter(
        count, scratch, pitch, line, pixel, channels, from, imageY, o, filters, panels, group, oh, ow, kh, kw, sh, sw, dh, dw,
      );
      for (let i = 0; i < count; ++i)
        crop(
          dx + <usize>(image + i) * imageX + <usize>group * pixel, scratch + <usize>i * pitch,
          h, w, c, channels, rows, columns, top, left,
        );
    }
  }
}

/** All contributions to the frames of up to four images. */
function scatter(
  count: i32, frames: usize, pitch: usize, line: usize, pixel: usize, channels: i32, dy: usize, imageY: usize, o: i32,
  filters: i32, panels: usize, group: i32, oh: i32, ow: i32, kh: i32, kw: i32, sh: i32, sw: i32, dh: i32, dw: i32,
): void {
  const joined = dw == 1 || kw == 1;
  const runs = joined ? 1 : kw;
  const len = joined ? kw * channels : channels;
  const tiles = (len + 7) >> 3;
  const panel = <usize>filters << 5;
  panels += <usize>(group * kh * runs * tiles) * panel;
  for (let i = 0; i < oh; ++i)
    for (let p = 0; p < kh; ++p) {
      let a = dy + (<usize>(i * ow * o) << 2);
      let to = frames + <usize>(i * sh + p * dh) * line;
      const first = panels + <usize>(p * runs * tiles) * panel;
      for (let j = 0; j < ow; ++j) {
        let b = first;
        for (let q = 0; q < runs; ++q) {
          let c = to + <usize>(q * dw) * pixel;
          for (let t = 0; t < tiles; ++t, b += panel, c += 32) {
            if (count == 4) rows4(1, filters, a, imageY, 0, b, c, pitch, true);
            else {
              if (count > 1) rows2(1, filters, a, imageY, 0, b, c, pitch, true);
              if (count & 1)
                rows1(1, filters, a + <usize>(count - 1) * imageY, 0, b, c + <usize>(count - 1) * pitch, true);
            }
          }
        }
        a += <usize>o << 2;
        to += <usize>sw * pixel;
      }
    }
}

/** The image that stands in a frame, zeros where it is larger: pixels of `channels` among c. */
function crop(
  dx: usize, frame: usize, h: i32, w: i32, c: i32, channels: i32, rows: i32, columns: i32, top: i32, left: i32,
): void {
  const pixel = <usize>c << 2;
  const size = <usize>channels << 2;
  const count = min(w, columns - left);
  for (let i = 0; i < h; ++i, dx += <usize>w * pixel) {
    const isRead = i + top < rows && count > 0;
    const from = frame + <usize>((i + top) * columns + left) * size;
    const read = isRead ? count : 0;
    if (c == channels) {
      copyWords(dx, from, read * c);
      memory.fill(dx + <usize>read * pixel, 0, <usize>(w - read) * pixel);
    } else
      for (let j = 0; j < w; ++j)
        if (j < read) copyWords(dx + <usize>j * pixel, from + <usize>j * size, channels);
        else memory.fill(dx + <usize>j * pixel, 0, size);
  }
}
