export type { ClassReport, ClassScores, NumberReport } from "../metrics/report.ts";
export { type ColumnsOptions, columns, type EncodedRow, type TableData } from "./columns.ts";
export type { FormatOptions, NumberArray } from "./formats/bytes.ts";
export { readIdx } from "./formats/idx.ts";
export { readNpy, readNpz } from "./formats/npy.ts";
export { type Augmentation, type AugmentOptions, augment, type Images } from "./images/augment.ts";
export {
  fromPixels,
  type PixelBytes,
  type PixelOptions,
  type PixelSource,
  type Pixels,
} from "./images/pixels.ts";
export {
  type PadOptions,
  padSequences,
  type Vocabulary,
  type VocabularyOptions,
  vocabulary,
} from "./sequences.ts";
export type { Source } from "./source.ts";
export {
  type FitStreamOptions,
  type FitStreamResult,
  fitStream,
  type StreamEpoch,
  type StreamRow,
} from "./stream/fit-stream.ts";
export {
  type RowPlace,
  type RowSource,
  type RowStream,
  type StreamOptions,
  streamRows,
} from "./stream/stream-rows.ts";
export { type CsvOptions, type CsvStreamOptions, readCsv, streamCsv } from "./table/csv.ts";
export { type JsonOptions, readJson } from "./table/json.ts";
export type { SplitOptions } from "./table/split.ts";
export type { Table } from "./table/table.ts";
export type {
  CategoryColumn,
  Cell,
  ColumnKind,
  DateColumn,
  NumberColumn,
  TableColumn,
  TableRow,
} from "./table/table-column.ts";
export type { TableEpoch, TableTrainer } from "./table-networks.ts";
export {
  type BlobsOptions,
  makeBlobs,
  makeCircles,
  makeMoons,
  makeParity,
  makeRegression,
  makeSpirals,
  makeWave,
  makeXor,
  type ParityOptions,
  type RegressionOptions,
  type SpiralsOptions,
  type ToyClasses,
  type ToyNumbers,
  type ToyOptions,
} from "./toy.ts";
export type { TableComparison, TableReport, TableScores } from "./train-report.ts";
export { type TrainTableOptions, type TrainTableResult, trainTable } from "./train-table.ts";
export { type SplittableData, type TrainTestOptions, trainTestSplit } from "./train-test-split.ts";
export {
  type CrossValidateOptions,
  type CrossValidation,
  crossValidate,
  type Scores,
} from "./validation/cross-validate.ts";
export type { MetricFunction } from "./validation/metrics.ts";
export {
  type Importance,
  type ImportanceOptions,
  permutationImportance,
} from "./validation/permutation-importance.ts";
export { type SeriesWindows, type WindowsOptions, windows } from "./windows.ts";
