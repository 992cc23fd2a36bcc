import type { Shape } from "./shape.ts";

export type DType = "f32" | "i32";

/** Names a value of one graph: its index in `Graph.values`. */
export type ValueId = number;

/** What is known of a value before it is computed. */
export interface Type {
  readonly shape: Shape;
  readonly dtype: DType;
}
