import { Run, Window } from "../abi";
import { partStart } from "../parts";
import { permute } from "./random";

/** Positions that stay in one part. */
const GRAIN = 64;

/**
 * Which rows of the window a pass takes: `index[i]` is the row at position `cursor + i` of the epoch. Rows of a batch that
 * is the whole epoch stay in the order given.
 *
 * @param index   out [rows] i32, 4-byte aligned; overwritten
 * @param rows    rows of the pass
 * @param seed    in f64 [1]: keys the order, with the epoch
 * @param epoch   in f64 [1]
 * @param cursor  in f64 [1]: position of the first row; those of the pass lie in the window
 * @param run     the run block: Total, WindowStart, WindowKind
 *
 * Cost: of a permutation, see `permute`.
 */
export function order(
  index: usize, rows: i32, seed: usize, epoch: usize, cursor: usize, run: usize, part: i32, parts: i32,
): void {
  const from = partStart(rows, GRAIN, part, parts);
  const to = partStart(rows, GRAIN, part + 1, parts);
  const first = <u32>load<f64>(cursor);
  const total = load<u32>(run + (Run.Total << 2));
  const at = index + (<usize>from << 2);
  // A cursor inside the rows is that of a smaller batch, which did shuffle.
  const whole = first == 0 && <u32>rows == total;
  if (load<i32>(run + (Run.WindowKind << 2)) == Window.Shuffled && !whole) {
    permute(at, first + from, to - from, total, load<f64>(seed), load<f64>(epoch));
    return;
  }
  const start = first - load<u32>(run + (Run.WindowStart << 2));
  for (let i = from; i < to; ++i) store<u32>(index + (<usize>i << 2), start + i);
}
