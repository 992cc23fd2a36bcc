/** All that learns on the page "Teach": pictures of drawings, a network, its training and its answers. */
import {
  adam,
  type Classification,
  compile,
  crossEntropy,
  dense,
  load,
  type Predictor,
  sequential,
  type Trainer,
} from "wasmgrad";

/** A line from where the pen came down to where it left: `[x, y]`, `[x, y]`, .. A drawing is several of them. */
export type Stroke = readonly (readonly [x: number, y: number])[];
export type Drawing = readonly Stroke[];
export type Model = Pick<Predictor, "classify" | "digest" | "labels" | "save">;
export interface Shape {
  readonly name: string;
  readonly drawings: readonly Drawing[];
}

/** Cells of a picture on each side. */
const GRID = 8;

/** Tilts and widths that each drawing is also learned with: nobody draws a shape twice in the same way. */
const VARIANTS = [-0.2, 0, 0.2].flatMap((tilt) => [0.8, 1, 1.25].map((width) => ({ tilt, width })));

/**
 * A drawing as a picture of 8 x 8 cells, three numbers each: how much line there is, how much of it runs along an axis (down it:
 * negative), and how much along a diagonal. Neither the size of a drawing nor its place, nor the order of its strokes matter.
 */
export function picture(drawing: Drawing, { tilt, width } = { tilt: 0, width: 1 }): Float32Array {
  const strokes = drawing.map((stroke) =>
    stroke.map(([x, y]) => [width * x - tilt * y, y + tilt * width * x]),
  );
  const [xs, ys] = [0, 1].map((axis) => strokes.flatMap((stroke) => stroke.map((point) => point[axis])));
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const scale = (GRID - 1) / Math.max(right - left, bottom - top, 1e-9);
  const cellOf = ([x, y]: number[]) => [
    (GRID - 1) / 2 + (x - (left + right) / 2) * scale,
    (GRID - 1) / 2 + (y - (top + bottom) / 2) * scale,
  ];
  const cells = new Float32Array(GRID * GRID * 3);
  for (const stroke of strokes)
    for (let i = 1; i < stroke.length; i++) {
      const [[x1, y1], [x2, y2]] = [cellOf(stroke[i - 1]), cellOf(stroke[i])];
      const [dx, dy] = [x2 - x1, y2 - y1];
      const length = Math.sqrt(dx * dx + dy * dy);
      const pieces = Math.ceil(length * 4);
      // A piece of line is shared by the four cells around it.
      for (let piece = 0; piece < pieces; piece++) {
        const [x, y] = [x1 + (dx * (piece + 0.5)) / pieces, y1 + (dy * (piece + 0.5)) / pieces];
        for (const row of [Math.floor(y), Math.floor(y) + 1])
          for (const column of [Math.floor(x), Math.floor(x) + 1]) {
            const share = (1 - Math.abs(x - column)) * (1 - Math.abs(y - row)) * (length / pieces);
            if (!(share > 0)) continue;
            const at = (row * GRID + column) * 3;
            cells[at] += share;
            cells[at + 1] += (share * (dx * dx - dy * dy)) / (length * length);
            cells[at + 2] += (share * 2 * dx * dy) / (length * length);
          }
      }
    }
  return cells;
}

/** Learns to tell shapes apart; those without drawings are left out. The same drawings give the same model, to the last bit. */
export async function teach(shapes: readonly Shape[], signal?: AbortSignal): Promise<Trainer> {
  const drawn = shapes.filter(({ drawings }) => drawings.length > 0);
  const rows = drawn.flatMap(({ name, drawings }) =>
    drawings.flatMap((drawing) => VARIANTS.map((variant) => ({ x: picture(drawing, variant), y: name }))),
  );
  const network = sequential({ input: [GRID * GRID * 3], seed: 1 }, [
    dense(32, { activation: "tanh" }),
    dense(drawn.length, { activation: "softmax" }),
  ]);
  const trainer = compile(network, {
    loss: crossEntropy(),
    optimizer: adam({ learningRate: 0.01 }),
    labels: drawn.map(({ name }) => name),
  });
  await trainer.fit({ x: rows.map(({ x }) => x), y: rows.map(({ y }) => y) }, { epochs: 30, signal });
  return trainer;
}

/** How probable each shape is, in the order of the model's labels. */
export function answer(model: Model, drawing: Drawing): Classification[] {
  const [best] = model.classify([picture(drawing)], { top: model.labels?.length ?? 1 });
  return best.sort((one, other) => one.index - other.index);
}

/** The model from the file that `model.save()` gave: a reload of the page needs no training. */
export const reopen = (file: Uint8Array): Model => load(file);
