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

/** What is placed first; the next order is tried while the one before leaves gaps. */
const ORDERS: readonly ((r: LiveRange) => number)[] = [
  (r) => r.bytes,
  (r) => r.bytes * (r.to - r.from + 1),
  (r) => r.to - r.from,
  (r) => -r.from,
  (r) => r.to,
];

/**
 * Greedy by size: the largest buffer first, each at the tightest gap between buffers that live while it does.
 * Pisarchyk and Lee 2020, "Efficient Memory Management for Deep Neural Net Inference", https://arxiv.org/abs/2001.03288
 * Where that leaves gaps, the same with other orders, and the smallest packing wins.
 */
export function packArena(given: readonly LiveRange[], alignment: number): Packing {
  const ranges = given.map((r) => ({ ...r, bytes: Math.ceil(r.bytes / alignment) * alignment }));
  const lowerBoundBytes = lowerBound(ranges);
  let best: Omit<Packing, "lowerBoundBytes"> | undefined;
  for (const weight of ORDERS) {
    const order = ranges.map((_, i) => i).sort((p, q) => weight(ranges[q]) - weight(ranges[p]) || p - q);
    const packed = place(ranges, order);
    if (!best || packed.bytes < best.bytes) best = packed;
    if (best.bytes === lowerBoundBytes) break;
  }
  return { ...(best as Packing), lowerBoundBytes };
}

/** Puts each buffer in turn at the tightest gap that the ones before left, or above them. */
function place(ranges: readonly LiveRange[], order: readonly number[]): Omit<Packing, "lowerBoundBytes"> {
  const offsets = new Array<number>(ranges.length).fill(0);
  /** Buffers already placed, by offset. */
  const placed: number[] = [];
  let bytes = 0;
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
    bytes = Math.max(bytes, offsets[i] + needed);
    const at = placed.findIndex((j) => offsets[j] > offsets[i]);
    placed.splice(at < 0 ? placed.length : at, 0, i);
  }
  return { offsets, bytes };
}

function lowerBound(ranges: readonly LiveRange[]): number {
  const change = new Map<number, number>();
  for (const r of ranges) {
    change.set(r.from, (change.get(r.from) ?? 0) + r.bytes);
    change.set(r.to + 1, (change.get(r.to + 1) ?? 0) - r.bytes);
  }
  let live = 0;
  let most = 0;
  for (const [, delta] of [...change].sort(([p], [q]) => p - q)) {
    live += delta;
    most = Math.max(most, live);
  }
  return most;
}
