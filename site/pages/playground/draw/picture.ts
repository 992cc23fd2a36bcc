/** The stage as a picture file: surface, rows, axes, legend and figures. */
import type { Frame, Start } from "../run/types.ts";
import { count, number, score, shortName, shortNumber } from "../state/text.ts";
import { cssOf, palette, shadeOf } from "./palette.ts";
import { shapePath } from "./points.ts";
import { StagePainter } from "./stage.ts";
import { numberShades, scaleOf } from "./surface.ts";

const SIDE = 900;
const LEFT = 70;
const TOP = 30;
const WIDTH = LEFT + SIDE + 30;
const LINE = 30;
/** Width of the scale of numbers. */
const SCALE = 200;

export async function pictureOf(frame: Frame, start: Start): Promise<Blob> {
  const colors = palette.value;
  const names = start.task === "classes" ? start.outputs.map((name) => shortName(name)) : [];
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d")!;
  const font = (weight: number) => `${weight} 18px system-ui, sans-serif`;
  context.font = font(400);
  const entries = placeLegend(names.map((name) => context.measureText(name).width));
  // Of numbers a scale takes the place of the names.
  const rows = start.task === "numbers" ? 1 : (entries.at(-1)?.row ?? -1) + 1;
  canvas.width = WIDTH;
  canvas.height = TOP + SIDE + 50 + (rows + 1) * LINE + 20;
  context.fillStyle = colors.ground;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.translate(LEFT, TOP);
  const stage = document.createElement("canvas");
  stage.width = stage.height = SIDE;
  const onStage = stage.getContext("2d")!;
  onStage.scale(1.5, 1.5);
  new StagePainter().paint(onStage, SIDE / 1.5, SIDE / 1.5, frame, start, colors);
  context.drawImage(stage, 0, 0);
  context.strokeStyle = colors.line;
  context.strokeRect(0, 0, SIDE, SIDE);
  context.font = font(400);
  const write = (text: string, x: number, y: number, align: CanvasTextAlign, color = colors.quiet) => {
    context.fillStyle = color;
    context.textAlign = align;
    context.fillText(text, x, y);
  };
  const [x, y = x] = start.axes;
  if (x && y) {
    write(shortNumber(x.min), 0, SIDE + 26, "left");
    write(shortName(x.name), SIDE / 2, SIDE + 26, "center", colors.text);
    write(shortNumber(x.max), SIDE, SIDE + 26, "right");
    write(shortNumber(y.max), -10, 16, "right");
    write(shortNumber(y.min), -10, SIDE, "right");
    context.save();
    context.translate(-22, SIDE / 2);
    context.rotate(-Math.PI / 2);
    write(shortName(y.name), 0, 0, "center", colors.text);
    context.restore();
  }
  const below = SIDE + 62;
  for (const [index, { x: left, row }] of entries.entries()) {
    context.save();
    context.translate(left + 8, below + row * LINE - 6);
    context.fillStyle = colors.classes[index % colors.classes.length]!;
    context.fill(new Path2D(shapePath(index, 8)));
    context.restore();
    write(names[index]!, left + 24, below + row * LINE, "left", colors.text);
  }
  if (start.task === "numbers") {
    const { low, high } = scaleOf(start);
    const shades = numberShades(colors, 1);
    const left = context.measureText(shortNumber(low)).width + 10;
    write(shortNumber(low), 0, below, "left", colors.text);
    for (let x = 0; x < SCALE; x++) {
      context.fillStyle = cssOf(shadeOf(shades, x / (SCALE - 1)));
      context.fillRect(left + x, below - 14, 1, 16);
    }
    const named = `${shortNumber(high)}   ${shortName(start.outputs[0] ?? "")}`;
    write(named, left + SCALE + 10, below, "left", colors.text);
  }
  const name = start.task === "classes" ? "accuracy" : "R2";
  write(
    `Step ${count(frame.steps)}, test loss ${number(frame.loss.test)}, test ${name} ${score(frame.score.test, start.task)}`,
    0,
    below + rows * LINE,
    "left",
  );
  write("wasmgrad", SIDE, below + rows * LINE, "right");
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) =>
      blob ? resolve(blob) : reject(new Error("This browser refused to make the picture.")),
    ),
  );
}

/** Places of names of the given widths, in as many lines as they need. */
function placeLegend(widths: readonly number[]): { x: number; row: number }[] {
  let x = 0;
  let row = 0;
  return widths.map((width) => {
    const needed = width + 52;
    if (x > 0 && x + needed > SIDE) {
      x = 0;
      row++;
    }
    const place = { x, row };
    x += needed;
    return place;
  });
}
