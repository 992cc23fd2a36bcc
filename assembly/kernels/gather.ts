import { cut } from "../parts";

/**
 * Rows by index: `y[i, :] = window[index[i], :]`. Loads a batch from the data window.
 *
 * @param y       out [rows, words] of any 32-bit type, copied bit for bit, 4-byte aligned; overwritten
 * @param window  in  [*, words], 4-byte aligned
 * @param index   in  [rows] u32; the caller keeps every index inside the window
 * @param rows    rows of y
 * @param words   words in a row; 0: there are no rows to load
 *
 * Parts: cut between rows.
 * Aliasing: y must not overlap window or index.
 * Cost: 4 rows words bytes read and written; about 1 ns a row up to 4 words.
 */
export function gather(y: usize, window: usize, index: usize, rows: i32, words: i32, part: i32, parts: i32): void {
  if (words == 0) return;
  if (parts > 1) {
    const from = cut(rows, 1, part, parts);
    const count = cut(rows, 1, part + 1, parts) - from;
    return gather(y + (<usize>from * words << 2), window, index + (<usize>from << 2), count, words, 0, 1);
  }
  const end = index + (<usize>rows << 2);
  const rowBytes = <usize>words << 2;
  if (words == 1) {
    for (; index < end; index += 4, y += 4) store<i32>(y, load<i32>(window + (load<usize>(index) << 2)));
  } else if (words == 2) {
    for (; index < end; index += 4, y += 8) store<i64>(y, load<i64>(window + (load<usize>(index) << 3)));
  } else if (words < 4) {
    for (; index < end; index += 4, y += rowBytes) {
      const from = window + load<usize>(index) * rowBytes;
      for (let i: usize = 0; i < rowBytes; i += 4) store<i32>(y + i, load<i32>(from + i));
    }
  } else {
    for (; index < end; index += 4, y += rowBytes) {
      copyRow(y, window + load<usize>(index) * rowBytes, rowBytes);
    }
  }
}

/** Copies at least 16 bytes: whole vectors, then the one that ends with the row, overlapping if need be. */
// @ts-ignore: decorator
@inline
function copyRow(to: usize, from: usize, bytes: usize): void {
  const last = to + bytes - 16;
  const lastFrom = from + bytes - 16;
  for (; to < last; to += 16, from += 16) v128.store(to, v128.load(from));
  v128.store(last, v128.load(lastFrom));
}
