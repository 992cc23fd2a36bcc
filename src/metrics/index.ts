export { accuracy, balancedAccuracy, confusionMatrix, f1, matthews, precision, recall } from "./classes.ts";
export type {
  AveragedMetric,
  AverageOptions,
  ClassOptions,
  Metric,
  Prediction,
  Truth,
} from "./metric.ts";
export { mae, type NoOptions, r2, rmse } from "./numbers.ts";
export { brier, logLoss, prAuc, rocAuc, topK } from "./probabilities.ts";
export {
  type ClassReport,
  type ClassScores,
  type NumberReport,
  type ReportData,
  type Reported,
  type ReportOptions,
  report,
} from "./report.ts";
