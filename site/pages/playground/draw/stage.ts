/** The stage: surface and rows. */
import type { Frame, Start } from "../run/types.ts";
import type { Palette } from "./palette.ts";
import { paintPoints } from "./points.ts";
import { SurfacePainter } from "./surface.ts";

export class StagePainter {
  readonly #surface = new SurfacePainter();
  /** The rows, which stay as they are while the surface changes. */
  readonly #rows = document.createElement("canvas");
  #of: { start: Start; palette: Palette; width: number; scale: number } | undefined;

  paint(
    context: CanvasRenderingContext2D,
    width: number,
    height: number,
    frame: Frame,
    start: Start,
    palette: Palette,
  ): void {
    this.#surface.paint(context, width, height, frame, start, palette);
    const scale = context.getTransform().a;
    const of = this.#of;
    if (of?.start !== start || of.palette !== palette || of.width !== width || of.scale !== scale) {
      this.#of = { start, palette, width, scale };
      this.#rows.width = Math.round(width * scale);
      this.#rows.height = Math.round(height * scale);
      const rows = this.#rows.getContext("2d")!;
      rows.setTransform(scale, 0, 0, scale, 0, 0);
      paintPoints(rows, width, height, start, palette);
    }
    context.drawImage(this.#rows, 0, 0, width, height);
  }
}
