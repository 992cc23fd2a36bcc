/** Data bound to a trainer's ports: read once, then laid into the window as the machine asks for it. */
import { Counter, Header, Targets as TargetKind, Window } from "../../assembly/abi.ts";
import type { TrainPlan, WindowedPort } from "../plan/plan.ts";
import type { Program } from "../program/program.ts";

/** One input or target with all its rows, flat. */
export interface Column {
  readonly port: WindowedPort;
  /** Words of a row: f32 numbers, or one i32 label. */
  readonly words: number;
  readonly data: Float32Array | Int32Array;
}

export interface Dataset {
  readonly rows: number;
  readonly columns: readonly Column[];
}

/** Tells the tape whether each target holds labels or rows. */
export function bindKinds(program: Program, { columns }: Dataset): void {
  for (const { port, words, data } of columns) {
    program.i32[port.gatherWord >>> 2] = words;
    const kind = data instanceof Int32Array ? TargetKind.Labels : TargetKind.Rows;
    for (const word of port.kindWords) program.i32[word >>> 2] = kind;
  }
}

/** Copies rows straight into the batch buffers. */
export function fillBatch(program: Program, dataset: Dataset, from: number, count: number): void {
  for (const { port, words, data } of dataset.columns)
    memoryLike(program, data).set(
      data.subarray(from * words, (from + count) * words) as never,
      port.offset >>> 2,
    );
}

const memoryLike = (program: Program, data: Float32Array | Int32Array) =>
  data instanceof Int32Array ? program.i32 : program.f32;

/** Makes what is shared with single passes that of these data: kinds of targets, and the rows if one batch holds all. */
export function reclaimBuffers(program: Program, dataset: Dataset): void {
  bindKinds(program, dataset);
  if (dataset.rows <= program.plan.batch) fillBatch(program, dataset, 0, dataset.rows);
}

/**
 * Chooses how batches will come from the data and lays out the first window. Shuffling starts mattering with the
 * second batch: data of one batch stay as they are.
 */
export function openWindow(program: Program, train: TrainPlan, dataset: Dataset, shuffle: boolean): void {
  const { rows } = dataset;
  reclaimBuffers(program, dataset);
  program.setHeader(Header.Total, rows);
  program.setHeader(Header.WindowStart, 0);
  if (rows <= program.plan.batch && program.counter(Counter.Cursor) === 0) {
    program.setHeader(Header.WindowKind, Window.Batch);
  } else if (rows <= train.windowRows) {
    program.setHeader(Header.WindowKind, shuffle ? Window.Shuffled : Window.Sequential);
    program.setHeader(Header.WindowRows, rows);
    for (const { port, data } of dataset.columns)
      memoryLike(program, data).set(data as never, port.windowOffset >>> 2);
  } else {
    program.setHeader(Header.WindowKind, Window.Streamed);
    program.setHeader(Header.WindowRows, 0);
  }
}

/** Streams the next rows of the epoch, in its order, into the window. */
export function moveWindow(program: Program, train: TrainPlan, dataset: Dataset, shuffle: boolean): void {
  const start = program.counter(Counter.Cursor);
  const count = Math.min(train.windowRows, dataset.rows - start);
  const { batch, base } = program.plan;
  const index = program.header(Header.Index);
  for (let from = 0; from < count; from += batch) {
    const chunk = Math.min(batch, count - from);
    if (shuffle)
      program.kernels.permute(
        index,
        start + from,
        chunk,
        dataset.rows,
        program.counter(Counter.ShuffleSeed),
        program.counter(Counter.Epoch),
      );
    for (const { port, words, data } of dataset.columns) {
      const memory = memoryLike(program, data);
      const at = (port.windowOffset >>> 2) + from * words;
      if (!shuffle) {
        memory.set(data.subarray((start + from) * words, (start + from + chunk) * words) as never, at);
        continue;
      }
      for (let i = 0; i < chunk; i++) {
        const row = program.i32[(index >>> 2) + i];
        copyWords(memory, at + i * words, data, row * words, words);
      }
    }
  }
  program.i32[(base >>> 2) + Header.WindowStart] = start;
  program.i32[(base >>> 2) + Header.WindowRows] = count;
}

/** Below this many words a loop beats making a view for `set`. */
const SMALL_ROW = 32;

function copyWords(
  into: Float32Array | Int32Array,
  at: number,
  from: Float32Array | Int32Array,
  start: number,
  words: number,
): void {
  if (words > SMALL_ROW) into.set(from.subarray(start, start + words) as never, at);
  else for (let j = 0; j < words; j++) into[at + j] = from[start + j];
}
