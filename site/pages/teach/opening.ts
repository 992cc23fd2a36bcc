/** What the last visit left. */
import { whatWasKept } from "./keep.ts";
import { canTeach, firstShapes, isOf, readShapes } from "./shapes.ts";
import { type Model, reopen, type Shape } from "./teach.ts";

export interface Taught {
  readonly model: Model;
  readonly note: string;
}

export interface Opening {
  readonly shapes: readonly Shape[];
  readonly taught?: Taught;
  readonly note: string;
  readonly canKeep: boolean;
}

export const CANNOT_KEEP = "This browser keeps nothing for this page, so a reload starts anew.";

/** @param canLearn  whether the engine runs here: else no model can be opened */
export async function opening(canLearn: boolean): Promise<Opening> {
  try {
    const kept = await whatWasKept();
    if (kept === undefined) return { shapes: firstShapes, note: "", canKeep: true };
    const shapes = readShapes(kept.shapes);
    if (!shapes)
      return {
        shapes: firstShapes,
        note: "What was kept here is damaged, so the page starts anew.",
        canKeep: true,
      };
    if (!canLearn || !(kept.file instanceof Uint8Array) || !canTeach(shapes))
      return { shapes, note: "", canKeep: true };
    try {
      const model = reopen(kept.file);
      if (!isOf(model, shapes)) throw new Error("it is of other shapes");
      return {
        shapes,
        taught: { model, note: "Your model of the last visit is back." },
        note: "",
        canKeep: true,
      };
    } catch {
      return {
        shapes,
        note: "The model kept here is damaged or of another version, so it was taught again.",
        canKeep: true,
      };
    }
  } catch {
    return { shapes: firstShapes, note: CANNOT_KEEP, canKeep: false };
  }
}
