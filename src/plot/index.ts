export { type ConfusionCounts, type ConfusionMatrixOptions, confusionMatrix } from "./confusion-matrix.ts";
export { type DecisionBoundaryOptions, decisionBoundary } from "./decision-boundary.ts";
export {
  type HistogramCounts,
  type HistogramNumbers,
  type HistogramOptions,
  type HistogramValues,
  histogram,
} from "./histogram.ts";
export { type CurveColumns, type CurveResult, type LossCurveOptions, lossCurve } from "./loss-curve.ts";
export type { CanvasLike, PlotOptions, PlotTarget, Plotted } from "./output.ts";
export type { Classifier, PlotData } from "./trainers.ts";
