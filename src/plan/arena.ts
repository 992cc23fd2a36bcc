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

interface Placed extends LiveRange {
  /** Below 0: not placed yet. */
  offset: number;
}

interface Search {
  /** In the order in which buffers that can be equally low are tried. */
  readonly ranges: readonly Placed[];
  readonly capacity: number;
  /** How often it may still place a buffer. */
  left: number;
}

/** The longest life first; where that fails, the most bytes times records. */
const ORDERS: readonly ((p: LiveRange, q: LiveRange) => number)[] = [
  (p, q) => q.to - q.from - (p.to - p.from) || q.bytes - p.bytes,
  (p, q) => q.bytes * (q.to - q.from + 1) - p.bytes * (p.to - p.from + 1),
];

/** How many buffers more than there are a search may place before it gives up. */
const DETOURS = 1000;

/** How much more room the next search has. */
const GROWTH = 1.02;

/**
 * Looks for a packing of the lower bound. There nearly always is one, and the first way down nearly always finds it; else
 * the capacity grows until one is found.
 */
export function packArena(given: readonly LiveRange[], alignment: number): Packing {
  const ranges: Placed[] = [];
  let records = 0;
  for (const { bytes, from, to } of given) {
    ranges.push({ bytes: Math.ceil(bytes / alignment) * alignment, from, to, offset: -1 });
    records = Math.max(records, to + 1);
  }
  const tops = new Array<number>(records).fill(0);
  const floors = new Array<number>(ranges.length).fill(0);
  const waiting = tops.slice();
  let lowerBoundBytes = 0;
  for (const { bytes, from, to } of ranges)
    for (let t = from; t <= to; t++) {
      waiting[t] += bytes;
      lowerBoundBytes = Math.max(lowerBoundBytes, waiting[t]);
    }
  for (let capacity = lowerBoundBytes; ; capacity *= GROWTH)
    for (const order of ORDERS) {
      const search = { ranges: ranges.slice().sort(order), capacity, left: ranges.length + DETOURS };
      if (!place(search, ranges.length, floors, tops, waiting, 0)) continue;
      let bytes = 0;
      for (const r of ranges) bytes = Math.max(bytes, r.offset + r.bytes);
      return { offsets: ranges.map((r) => r.offset), bytes, lowerBoundBytes };
    }
}

/**
 * Places `count` buffers, all that are not placed yet, such that they end at the capacity or below; false, and they are
 * not placed, if that cannot be or takes too long.
 *
 * Any packing can be pushed down until each buffer stands on 0 or on one that lives with it, and can then be built in the
 * order of its offsets. So it is enough to place the next buffer on what it stands on, not below the one before, and to
 * turn back where what else a record needs does not fit above that.
 *
 * @param floors  the lowest offset left to each buffer
 * @param tops    where the buffers placed so far end, at each record
 * @param waiting bytes of the others, at each record
 * @param offset  of the buffer before
 */
function place(
  search: Search,
  count: number,
  floors: readonly number[],
  tops: readonly number[],
  waiting: readonly number[],
  offset: number,
): boolean {
  if (count === 0) return true;
  const { ranges, capacity } = search;
  for (let last = -1; search.left-- > 0; ) {
    // The lowest of those that were not tried yet.
    let next = -1;
    for (let i = 0; i < ranges.length; i++) {
      const isLeft = ranges[i].offset < 0 && (floors[i] > offset || (floors[i] === offset && i > last));
      if (isLeft && (next < 0 || floors[i] < floors[next])) next = i;
    }
    if (next < 0) return false;
    last = next;
    offset = floors[next];
    for (let t = 0; t < tops.length; t++)
      if (waiting[t] > 0 && Math.max(tops[t], offset) + waiting[t] > capacity) return false;
    const r = ranges[next];
    r.offset = offset;
    const top = offset + r.bytes;
    const raised = floors.slice();
    for (let i = 0; i < ranges.length; i++)
      if (ranges[i].from <= r.to && r.from <= ranges[i].to) raised[i] = Math.max(raised[i], top);
    const others = waiting.slice();
    for (let t = r.from; t <= r.to; t++) others[t] -= r.bytes;
    if (place(search, count - 1, raised, tops.slice().fill(top, r.from, r.to + 1), others, offset))
      return true;
    r.offset = -1;
  }
  return false;
}
