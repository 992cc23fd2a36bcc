/** Where the nodes of the network's picture stand. */

/** Of one unit, input or output: its middle and the length of its sides, in CSS pixels. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly size: number;
}

const LARGEST_TILE = 38;
const GAP = 3;
/** How much larger tiles must be for one more column of them. */
const WORTH = 1.2;
/** Share of a column's width that its tiles take: the others are for lines. */
const TILES_SHARE = 0.6;

/**
 * Places of the nodes of each column, from left to right. Many units stand in several rows of a column, so that their tiles
 * are as large as they can be.
 */
export function placeNetwork(counts: readonly number[], width: number, height: number): Place[][] {
  const slot = width / counts.length;
  const space = Math.min(slot * TILES_SHARE, slot - 6);
  return counts.map((count, index) => {
    const isEnd = index === 0 || index === counts.length - 1;
    let best = 0;
    let across = 1;
    for (let tried = 1; tried <= Math.min(8, count); tried++) {
      const size = Math.min(LARGEST_TILE, Math.min(space / tried, height / Math.ceil(count / tried)) - GAP);
      if (size <= best * WORTH) continue;
      best = size;
      across = tried;
    }
    const size = Math.max(2, Math.min(isEnd ? 18 : LARGEST_TILE, best));
    const step = Math.min(size + (across > 1 ? GAP : 8), height / Math.ceil(count / across));
    const down = Math.ceil(count / across);
    return Array.from({ length: count }, (_, unit) => ({
      x: (index + 0.5) * slot + ((unit % across) - (across - 1) / 2) * (size + GAP),
      y: height / 2 + (Math.floor(unit / across) - (down - 1) / 2) * step,
      size,
    }));
  });
}
