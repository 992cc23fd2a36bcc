/** Lines of equal height of a field on a square grid (marching squares). */

const crossings = new Float64Array(8);

/**
 * Adds to the context's path the lines where `field` is 0.
 *
 * @param field  [grid, grid]; the first row is drawn at the bottom; values stand for the middles of cells
 */
export function traceZero(
  context: CanvasRenderingContext2D,
  field: Float32Array,
  grid: number,
  width: number,
  height: number,
): void {
  const stepX = width / grid;
  const stepY = height / grid;
  for (let row = 0; row + 1 < grid; row++)
    for (let column = 0; column + 1 < grid; column++) {
      const at = row * grid + column;
      const southWest = field[at]!;
      const southEast = field[at + 1]!;
      const northEast = field[at + grid + 1]!;
      const northWest = field[at + grid]!;
      const positive =
        Number(southWest > 0) + Number(southEast > 0) + Number(northEast > 0) + Number(northWest > 0);
      if (positive === 0 || positive === 4) continue;
      const left = (column + 0.5) * stepX;
      const bottom = height - (row + 0.5) * stepY;
      let count = 0;
      const add = (x: number, y: number) => {
        crossings[count++] = x;
        crossings[count++] = y;
      };
      if (southWest > 0 !== southEast > 0) add(left + (southWest / (southWest - southEast)) * stepX, bottom);
      if (southEast > 0 !== northEast > 0)
        add(left + stepX, bottom - (southEast / (southEast - northEast)) * stepY);
      if (northEast > 0 !== northWest > 0)
        add(left + (northWest / (northWest - northEast)) * stepX, bottom - stepY);
      if (northWest > 0 !== southWest > 0) add(left, bottom - (southWest / (southWest - northWest)) * stepY);
      for (let pair = 0; pair + 3 < count; pair += 4) {
        context.moveTo(crossings[pair]!, crossings[pair + 1]!);
        context.lineTo(crossings[pair + 2]!, crossings[pair + 3]!);
      }
    }
}
