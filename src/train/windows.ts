/** Data bound to a trainer's ports: read once, then laid into the window as the machine asks for it. */
import { Counter, Run, Targets as TargetKind, Window } from "../../assembly/abi.ts";
import type { PlannedPort, TrainPlan } from "../plan/planned.ts";
import type { Program } from "../program/program.ts";
import { copyWords } from "../rows/copy.ts";

/** One input or target with all its rows, flat. */
export interface Column {
  /** Words of a row: f32 numbers, or i32 labels or ids; f64 numbers before preprocessing. */
  readonly words: number;
  readonly data: Float32Array | Int32Array | Float64Array;
}

/** Columns in the order of a tape's ports. */
export interface Dataset {
  readonly rows: number;
  readonly columns: readonly Column[];
  /** Whether it comes again: the window may keep it between calls. */
  readonly isBound?: boolean;
  /** The rows as they were given, where preprocessing or standardized targets made these of them. */
  readonly given?: Dataset;
}

const memoryLike = (program: Program, data: Column["data"]) =>
  data instanceof Int32Array ? program.i32 : program.f32;

/** Tells a tape whether each target holds labels or rows, and how long rows are. */
export function bindColumns(program: Program, ports: readonly PlannedPort[], { columns }: Dataset): void {
  for (let i = 0; i < ports.length; i++) {
    const { words, targets } = ports[i];
    const { data, words: length } = columns[i];
    if (words) program.setRun(words, length);
    if (targets) program.setRun(targets, data instanceof Int32Array ? TargetKind.Labels : TargetKind.Rows);
  }
}

/** Copies rows straight into the ports of a tape. */
export function fillPorts(
  program: Program,
  ports: readonly PlannedPort[],
  { columns }: Dataset,
  from: number,
  count: number,
): void {
  for (let i = 0; i < ports.length; i++) {
    const { data, words } = columns[i];
    copyWords(memoryLike(program, data), ports[i].offset >>> 2, data, from * words, count * words);
  }
}

/**
 * Chooses how batches will come from the data and lays out the first window. Shuffling starts mattering with the
 * second batch: data of one batch stay as they are.
 */
export function openWindow(program: Program, train: TrainPlan, dataset: Dataset, shuffle: boolean): void {
  const { rows, columns } = dataset;
  const { ports } = train.tape;
  bindColumns(program, ports, dataset);
  program.setRun(Run.Total, rows);
  program.setRun(Run.WindowStart, 0);
  if (rows <= program.plan.batch && program.counter(Counter.Cursor) === 0) {
    program.setRun(Run.WindowKind, Window.Batch);
    fillPorts(program, ports, dataset, 0, rows);
  } else if (rows <= train.windowRows) {
    program.setRun(Run.WindowKind, shuffle ? Window.Shuffled : Window.Sequential);
    program.setRun(Run.WindowRows, rows);
    if (program.window !== dataset)
      ports.forEach(({ windowOffset }, i) => {
        const { data } = columns[i];
        memoryLike(program, data).set(data as never, windowOffset >>> 2);
      });
    program.window = dataset.isBound ? dataset : undefined;
  } else {
    program.setRun(Run.WindowKind, Window.Streamed);
    program.setRun(Run.WindowRows, 0);
  }
}

/** Words that are laid into the window without a break, a row counting as some more: about 2 ms. */
const MOVED_WORDS = 1 << 18;
const ROW_WORDS = 32;

/** Streams next rows of the epoch, in its order, into the window: as many whole batches as go in about 2 ms. */
export function moveWindow(program: Program, train: TrainPlan, dataset: Dataset, shuffle: boolean): void {
  const start = program.counter(Counter.Cursor);
  const { batch } = program.plan;
  const words = dataset.columns.reduce((sum, column) => sum + column.words, ROW_WORDS);
  const batches = Math.max(1, Math.floor(MOVED_WORDS / (words * batch)));
  const count = Math.min(train.windowRows, batches * batch, dataset.rows - start);
  program.window = undefined;
  for (let from = 0; from < count; from += batch) {
    const chunk = Math.min(batch, count - from);
    if (shuffle)
      program.kernels.permute(
        train.index,
        start + from,
        chunk,
        dataset.rows,
        program.counter(Counter.ShuffleSeed),
        program.counter(Counter.Epoch),
      );
    train.tape.ports.forEach(({ windowOffset }, i) => {
      const { words, data } = dataset.columns[i];
      const memory = memoryLike(program, data);
      const at = (windowOffset >>> 2) + from * words;
      if (!shuffle) {
        memory.set(data.subarray((start + from) * words, (start + from + chunk) * words) as never, at);
        return;
      }
      for (let j = 0; j < chunk; j++) {
        const row = program.i32[(train.index >>> 2) + j];
        copyWords(memory, at + j * words, data, row * words, words);
      }
    });
  }
  program.setRun(Run.WindowStart, start);
  program.setRun(Run.WindowRows, count);
}
