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

/**
 * Greedy by size: the largest buffer first, each at the tightest gap between buffers that live while it does.
 * Pisarchyk and Lee 2020, "Efficient Memory Management for Deep Neural Net Inference", https://arxiv.org/abs/2001.03288
 */
export function packArena(ranges: readonly LiveRange[], alignment: number): Packing {
  const size = (r: LiveRange) => Math.ceil(r.bytes / alignment) * alignment;
  const order = ranges.map((_, i) => i).sort((p, q) => size(ranges[q]) - size(ranges[p]) || p - q);
  const offsets = new Array<number>(ranges.length).fill(0);
  /** Buffers already placed, by offset. */
  const placed: number[] = [];
  let bytes = 0;
  for (const i of order) {
    const needed = size(ranges[i]);
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
      end = Math.max(end, offsets[j] + size(ranges[j]));
    }
    offsets[i] = best >= 0 ? best : end;
    bytes = Math.max(bytes, offsets[i] + needed);
    const at = placed.findIndex((j) => offsets[j] > offsets[i]);
    placed.splice(at < 0 ? placed.length : at, 0, i);
  }
  return { offsets, bytes, lowerBoundBytes: lowerBound(ranges, size) };
}

function lowerBound(ranges: readonly LiveRange[], size: (r: LiveRange) => number): number {
  const change = new Map<number, number>();
  for (const r of ranges) {
    change.set(r.from, (change.get(r.from) ?? 0) + size(r));
    change.set(r.to + 1, (change.get(r.to + 1) ?? 0) - size(r));
  }
  let live = 0;
  let most = 0;
  for (const [, delta] of [...change].sort(([p], [q]) => p - q)) {
    live += delta;
    most = Math.max(most, live);
  }
  return most;
}
