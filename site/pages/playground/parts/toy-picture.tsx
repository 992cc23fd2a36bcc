/** Small pictures of the toy sets. */
import type { ToySet } from "../run/types.ts";

type Point = readonly [x: number, y: number, kind: 0 | 1 | 2];

const COUNT = 14;
const around = (count: number, radius: number, kind: 0 | 1 | 2, x = 0, y = 0): Point[] =>
  Array.from({ length: count }, (_, index) => {
    const angle = (index / count) * 2 * Math.PI;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle), kind];
  });
const curve = (of: (share: number) => Point): Point[] =>
  Array.from({ length: COUNT }, (_, index) => of(index / (COUNT - 1)));

const GRID = Array.from({ length: 9 }, (_, index) => index / 4 - 1);

const POINTS: Readonly<Record<ToySet, Point[]>> = {
  circles: [...around(16, 13, 0), ...around(8, 6, 1)],
  moons: [
    ...curve((at) => [-4 + 10 * Math.cos(Math.PI * at), 3 - 11 * Math.sin(Math.PI * at), 0]),
    ...curve((at) => [5 - 10 * Math.cos(Math.PI * at), -2 + 11 * Math.sin(Math.PI * at), 1]),
  ],
  xor: [-1, 1].flatMap((x) => [-1, 1].flatMap((y) => around(6, 4, x === y ? 0 : 1, 8 * x, 8 * y))),
  blobs: [...around(7, 4, 0, -8, 6), ...around(7, 4, 1, 8, 7), ...around(7, 4, 2, 0, -8)],
  spirals: [0, 1].flatMap((kind) =>
    curve((at) => {
      const angle = 1.2 + at * 4.4 + kind * Math.PI;
      return [14 * at * Math.cos(angle), 14 * at * Math.sin(angle), kind as 0 | 1];
    }),
  ),
  // Hills and valleys of a surface, seen from above.
  wave: GRID.flatMap((y) =>
    GRID.flatMap((x): Point[] => {
      const height = Math.sin(Math.PI * x) * Math.cos(Math.PI * y);
      return Math.abs(height) < 0.3 ? [] : [[14 * x, -14 * y, height > 0 ? 0 : 1]];
    }),
  ),
};

export const ToyPicture = ({ set }: { set: ToySet }) => (
  <svg class="toy-picture" viewBox="-18 -18 36 36" width="44" height="44" aria-hidden="true">
    {POINTS[set].map(([x, y, kind], index) => (
      <circle key={index} class={`kind-${kind + 1}`} cx={x.toFixed(1)} cy={y.toFixed(1)} r={1.9} />
    ))}
  </svg>
);
