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

interface Search {
  readonly ranges: readonly LiveRange[];
  readonly capacity: number;
  /** Bytes of all buffers, at each record. */
  readonly live: readonly number[];
  /** Where each buffer is; below 0: not placed yet. */
  readonly offsets: number[];
  /** The lowest offset left to each buffer. */
  readonly floors: number[];
  /** Where the buffers placed so far end, at each record. */
  readonly tops: number[];
  /** Bytes of those not placed, at each record. */
  readonly waiting: number[];
}

/** The longest life first; where that fails, the most bytes times records. */
const ORDERS: readonly ((p: LiveRange, q: LiveRange) => number)[] = [
  (p, q) => q.to - q.from - (p.to - p.from) || q.bytes - p.bytes,
  (p, q) => q.bytes * (q.to - q.from + 1) - p.bytes * (p.to - p.from + 1),
];

/** Placements beyond one per buffer before a search gives up. */
const DETOURS = 20_000;

/** How much more room the next search has. */
const GROWTH = 1.02;

/**
 * Looks for a packing of the lower bound. Networks have one, and the first way down nearly always finds it; else the
 * capacity grows until one is found.
 */
export function packArena(given: readonly LiveRange[], alignment: number): Packing {
  const ranges: LiveRange[] = [];
  let records = 0;
  for (const { bytes, from, to } of given) {
    ranges.push({ bytes: Math.ceil(bytes / alignment) * alignment, from, to });
    records = Math.max(records, to + 1);
  }
  const live = new Array<number>(records).fill(0);
  let lowerBoundBytes = 0;
  for (const { bytes, from, to } of ranges)
    for (let t = from; t <= to; t++) {
      live[t] += bytes;
      lowerBoundBytes = Math.max(lowerBoundBytes, live[t]);
    }
  for (let capacity = lowerBoundBytes; ; capacity *= GROWTH)
    for (const order of ORDERS) {
      const indices = ranges.map((_, i) => i).sort((i, j) => order(ranges[i], ranges[j]));
      const search: Search = {
        ranges: indices.map((i) => ranges[i]),
        capacity,
        live,
        offsets: new Array<number>(ranges.length),
        floors: new Array<number>(ranges.length),
        tops: new Array<number>(records),
        waiting: new Array<number>(records),
      };
      if (!placeAll(search)) continue;
      const offsets = new Array<number>(ranges.length);
      let bytes = 0;
      for (let k = 0; k < indices.length; k++) {
        offsets[indices[k]] = search.offsets[k];
        bytes = Math.max(bytes, search.offsets[k] + search.ranges[k].bytes);
      }
      return { offsets, bytes, lowerBoundBytes };
    }
}

/**
 * Places all buffers such that they end at the capacity or below; false if that cannot be or takes too long.
 *
 * Any packing can be pushed down until each buffer stands on 0 or on one that lives with it, and can then be built in the
 * order of its offsets. So it is enough to place the next buffer on what it stands on, not below the one before, and to
 * turn back where what else a record needs does not fit above that.
 */
function placeAll(search: Search): boolean {
  const { ranges, offsets, floors } = search;
  const placed: number[] = [];
  /** Where the search is: above the buffer before, past those of that offset which were tried. */
  let offset = 0;
  let tried = -1;
  replay(search, placed);
  for (let left = ranges.length + DETOURS; placed.length < ranges.length; ) {
    const next = lowest(search, offset, tried);
    if (next >= 0 && hasRoom(search, floors[next])) {
      if (left-- <= 0) return false;
      offset = floors[next];
      tried = -1;
      placed.push(next);
      assignOffset(search, next);
      continue;
    }
    const last = placed.pop();
    if (last === undefined) return false;
    offset = offsets[last];
    tried = last;
    left -= placed.length;
    replay(search, placed);
  }
  return true;
}

/** Starts over with these buffers in place: turning back is rare, and what each one changed would fill much memory. */
function replay(search: Search, placed: readonly number[]): void {
  const { live, offsets, floors, tops, waiting } = search;
  offsets.fill(-1);
  floors.fill(0);
  tops.fill(0);
  for (let t = 0; t < live.length; t++) waiting[t] = live[t];
  for (const buffer of placed) assignOffset(search, buffer);
}

/** The lowest of the buffers that are not placed and were not tried, or -1; of equal ones, the first in the order. */
function lowest({ ranges, offsets, floors }: Search, offset: number, tried: number): number {
  let best = -1;
  for (let i = 0; i < ranges.length; i++) {
    if (offsets[i] >= 0 || floors[i] < offset || (floors[i] === offset && i <= tried)) continue;
    if (best < 0 || floors[i] < floors[best]) best = i;
  }
  return best;
}

/** Whether at every record the buffers that wait for their place fit between `offset` and the capacity. */
function hasRoom({ capacity, tops, waiting }: Search, offset: number): boolean {
  for (let t = 0; t < tops.length; t++)
    if (waiting[t] > 0 && Math.max(tops[t], offset) + waiting[t] > capacity) return false;
  return true;
}

function assignOffset({ ranges, offsets, floors, tops, waiting }: Search, buffer: number): void {
  const { bytes, from, to } = ranges[buffer];
  const top = floors[buffer] + bytes;
  offsets[buffer] = floors[buffer];
  for (let t = from; t <= to; t++) {
    tops[t] = top;
    waiting[t] -= bytes;
  }
  for (let i = 0; i < ranges.length; i++)
    if (ranges[i].from <= to && from <= ranges[i].to) floors[i] = Math.max(floors[i], top);
}
