/**
 * Packs buffers that live at different times into one block. Offsets come from the sizes and live ranges alone,
 * once; nothing is allocated later.
 */

export interface LiveRange {
  readonly bytes: number;
  /** Index of the first record that touches the buffer. */
  readonly from: number;
  /** Index of the last one. */
  readonly to: number;
}

export interface Packing {
  readonly offsets: readonly number[];
  readonly bytes: number;
  /** The largest sum of bytes alive at one record: no packing is smaller. */
  readonly lowerBoundBytes: number;
}

/** What is placed first, one after the other while the packings so far leave gaps. */
const ORDERS: readonly ((r: LiveRange) => number)[] = [
  (r) => r.bytes,
  (r) => r.bytes * (r.to - r.from + 1),
  (r) => r.to,
];

/** How often the buffer that ends on top goes first next time. */
const REPAIRS = 8;

/**
 * Greedy by size: the largest buffer first, each at the tightest gap between buffers that live while it does.
 * Pisarchyk and Lee 2020, "Efficient Memory Management for Deep Neural Net Inference", https://arxiv.org/abs/2001.03288
 * Where that is above the bound, the buffer on top goes first and all are placed again, and other orders follow; the
 * smallest packing wins. Nearly always the first one is.
 */
export function packArena(given: readonly LiveRange[], alignment: number): Packing {
  const ranges = given.map((r) => ({ ...r, bytes: Math.ceil(r.bytes / alignment) * alignment }));
  const lowerBoundBytes = lowerBound(ranges);
  let best: Placement = { offsets: [], bytes: Number.POSITIVE_INFINITY, top: -1 };
  for (const weight of ORDERS) {
    let order = ranges.map((_, i) => i).sort((p, q) => weight(ranges[q]) - weight(ranges[p]) || p - q);
    for (let repair = 0; repair <= REPAIRS; repair++) {
      const placement = place(ranges, order);
      if (placement.bytes < best.bytes) best = placement;
      if (best.bytes === lowerBoundBytes) return { ...best, lowerBoundBytes };
      order = [placement.top, ...order.filter((i) => i !== placement.top)];
    }
  }
  return { ...best, lowerBoundBytes };
}

interface Placement {
  readonly offsets: readonly number[];
  readonly bytes: number;
  /** A buffer that ends where the block does. */
  readonly top: number;
}

/** Puts each buffer in turn at the tightest gap that the ones before left, or above them. */
function place(ranges: readonly LiveRange[], order: readonly number[]): Placement {
  const offsets = new Array<number>(ranges.length).fill(0);
  /** Buffers already placed, by offset. */
  const placed: number[] = [];
  let bytes = 0;
  let top = -1;
  for (const i of order) {
    const needed = ranges[i].bytes;
    let best = -1;
    let bestGap = Number.POSITIVE_INFINITY;
    let end = 0;
    for (const j of placed) {
      if (ranges[j].to < ranges[i].from || ranges[j].from > ranges[i].to) continue;
      const gap = offsets[j] - end;
      if (gap >= needed && gap < bestGap) {
        best = end;
        bestGap = gap;
      }
      end = Math.max(end, offsets[j] + ranges[j].bytes);
    }
    offsets[i] = best >= 0 ? best : end;
    if (offsets[i] + needed > bytes) {
      bytes = offsets[i] + needed;
      top = i;
    }
    const at = placed.findIndex((j) => offsets[j] > offsets[i]);
    placed.splice(at < 0 ? placed.length : at, 0, i);
  }
  return { offsets, bytes, top };
}

/** The most bytes alive at once, which is when some buffer begins. */
function lowerBound(ranges: readonly LiveRange[]): number {
  let most = 0;
  for (const { from } of ranges) {
    let live = 0;
    for (const r of ranges) if (r.from <= from && from <= r.to) live += r.bytes;
    most = Math.max(most, live);
  }
  return most;
}
