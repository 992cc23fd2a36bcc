/** Rows of a table by number, and the gradient of the table. */
import { Gemm } from "../abi";
import { raiseGuard } from "../guard";
import { partStart } from "../parts";

/** Ids, and columns, that stay in one part. */
const IDS = 16;
const COLUMNS = 16;

/**
 * `y[i, :] = table[ids[i], :]`.
 *
 * @param y           out [count, units] f32, 4-byte aligned; overwritten, never read
 * @param ids         in  [count] i32; one outside the table gives a row of NaN and raises the guard, and nothing outside it
 *                        is read
 * @param table       in  [vocabulary, units] f32, 4-byte aligned
 * @param guard       word raised for an id outside the table
 *
 * Aliasing: y overlaps neither.
 * Cost: 8 count units bytes of traffic.
 */
export function embedding(
  y: usize, ids: usize, table: usize, count: i32, vocabulary: i32, units: i32, guard: usize, part: i32, parts: i32,
): void {
  const bytes = <usize>units << 2;
  const to = partStart(count, IDS, part + 1, parts);
  for (let i = partStart(count, IDS, part, parts); i < to; ++i) {
    const id = load<u32>(ids + (<usize>i << 2));
    const into = y + <usize>i * bytes;
    if (id < <u32>vocabulary) memory.copy(into, table + <usize>id * bytes, bytes);
    else {
      for (let j: usize = 0; j < bytes; j += 4) store<f32>(into + j, NaN);
      raiseGuard(guard);
    }
  }
}

/**
 * `dtable[v, :] = sum of dy[i, :] over the i with ids[i] = v`: 0 where there is none.
 *
 * @param dtable   out [vocabulary, units] f32, 16-byte aligned; overwritten, never read before it is written
 * @param ids      in  [count] i32; those outside the table are left out
 * @param dy       in  [count, units] f32
 * @param scratch  f32 [vocabulary, units] where count exceeds 4,096, shared by the parts, each of which uses its columns
 *
 * Order: groups of `Gemm.RowGroup` ids, each from +0 in one f32 accumulator an element, in the order of the ids; groups are added in
 * order. Parts take columns.
 * Cost: 12 count units bytes of traffic, and the table twice for each further group.
 */
export function embeddingGrad(
  dtable: usize, ids: usize, dy: usize, count: i32, vocabulary: i32, units: i32, scratch: usize,
  part: i32, parts: i32,
): void {
  const from = <usize>partStart(units, COLUMNS, part, parts) << 2;
  const to = <usize>partStart(units, COLUMNS, part + 1, parts) << 2;
  const row = <usize>units << 2;
  addGroup(dtable, ids, dy, min(count, Gemm.RowGroup), vocabulary, row, from, to);
  for (let start = Gemm.RowGroup; start < count; start += Gemm.RowGroup) {
    const size = min(count - start, Gemm.RowGroup);
    addGroup(scratch, ids + (<usize>start << 2), dy + <usize>start * row, size, vocabulary, row, from, to);
    for (let v = 0; v < vocabulary; ++v) {
      const at = <usize>v * row;
      for (let j = from; j < to; j += 4) {
        store<f32>(dtable + at + j, load<f32>(dtable + at + j) + load<f32>(scratch + at + j));
      }
    }
  }
}

/** The sums of one group, for the bytes from `from` to `to` of each row of the table. */
function addGroup(
  table: usize, ids: usize, dy: usize, count: i32, vocabulary: i32, row: usize, from: usize, to: usize,
): void {
  for (let v = 0; v < vocabulary; ++v) memory.fill(table + <usize>v * row + from, 0, to - from);
  for (let i = 0; i < count; ++i, dy += row) {
    const id = load<u32>(ids + (<usize>i << 2));
    if (id >= <u32>vocabulary) continue;
    const into = table + <usize>id * row;
    let j = from;
    for (; j + 16 <= to; j += 16) v128.store(into + j, f32x4.add(v128.load(into + j), v128.load(dy + j)));
    for (; j < to; j += 4) store<f32>(into + j, load<f32>(into + j) + load<f32>(dy + j));
  }
}
