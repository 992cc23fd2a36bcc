import { describe } from "../../describe.ts";
import { DataError, errorCode, OptionError } from "../../errors.ts";
import { COUNT, NOT_NEGATIVE, type Rule, readOptions, refuseMore, SIGNAL } from "../../options.ts";
import { isTypedArray } from "../../realm.ts";
import type { Evaluation } from "../../train/evaluate.ts";
import type { Trainer } from "../../train/trainer.ts";
import type { Data } from "../../train/training-data.ts";
import { type RowSource, RowStream, streamRows } from "./stream-rows.ts";

/** A row with its target. */
export interface StreamRow {
  /** Numbers in any form that a row of `fit` has, or an object by column name. */
  readonly x: unknown;
  readonly y: unknown;
  readonly sampleWeight?: number;
}

/** An epoch of a stream that was just completed. */
export interface StreamEpoch {
  /** From 1 on. */
  readonly epoch: number;
  /** Rows of the epoch. */
  readonly rows: number;
  /** Updates up to now. */
  readonly steps: number;
  /** Mean loss of the rows, each before the update that it belongs to. */
  readonly loss: number;
  readonly validation?: Evaluation;
}

export interface FitStreamOptions<X = unknown, P = unknown> {
  /** Default 1. */
  readonly epochs?: number;
  /** The number of the first epoch, which decides its order: what was completed before. Default 0. */
  readonly from?: number;
  /** Rows measured after each epoch. */
  readonly validation?: Data<X, P>;
  /** Rows from the beginning of the stream that scaling and imputing are fitted to, unless they are already; default 10,000. */
  readonly adaptRows?: number;
  /** Called after each epoch and awaited; ends the training with `"stop"`. */
  readonly onEpoch?: (event: StreamEpoch) => unknown;
  /** Ends the training after the last whole step; the promise rejects with its reason. */
  readonly signal?: AbortSignal;
}

export interface FitStreamResult extends StreamEpoch {
  /** Mean losses, one an epoch. */
  readonly history: { readonly loss: readonly number[] };
}

const FROM: Rule = ["a whole number >= 0", (n: number) => NOT_NEGATIVE[1](n) && Number.isSafeInteger(n)];

/** Milliseconds after which the event loop gets its turn. */
const SLICE_MS = 10;

/**
 * Trains on rows that do not fit into memory: each batch is one `step`, in the order of the stream, so the same rows and
 * seeds give the same bits however the rows come in. Memory holds the shuffle buffer, a batch, and what the source gives at once.
 *
 * @param trainer its `batchSize` is the rows of a step
 * @param rows what `streamRows` gives, or a function that gives `{ x, y }` rows anew for each epoch
 * @throws DataError for rows that are none and an epoch without rows, what `step` throws, the signal's reason on abort; the
 *   parameters are those of the last whole step
 * @example
 * async function* line() {
 *   for (let i = 0; i < 100; i++) yield { x: [i / 100], y: 1 + (2 * i) / 100 };
 * }
 * const trainer = compile(sequential({ input: [1], seed: 1 }, [dense(1)]), {
 *   loss: meanSquaredError(),
 *   optimizer: adam({ learningRate: 0.1 }),
 * });
 * const { loss } = await fitStream(trainer, streamRows(line, { shuffleBuffer: 100 }), { epochs: 60 });
 * loss < 0.001; // => true
 */
export async function fitStream<X, P>(
  trainer: Trainer<X, P>,
  rows: RowStream<StreamRow> | ((epoch: number) => RowSource<StreamRow> | Promise<RowSource<StreamRow>>),
  options: FitStreamOptions<X, P> = {},
): Promise<FitStreamResult> {
  refuseMore("fitStream", arguments, 3, "write fitStream(trainer, rows, options)");
  const { epochs, from, validation, adaptRows, onEpoch, signal } = readOptions("fitStream", options, {
    epochs: [1, COUNT],
    from: [0, FROM],
    validation: [],
    adaptRows: [10_000, COUNT],
    onEpoch: [undefined, ["a function", () => true, "function"]],
    signal: [undefined, SIGNAL],
  });
  if (typeof trainer?.step !== "function")
    throw new OptionError(`fitStream: takes a trainer first; got ${describe(trainer)}`);
  const stream = rows instanceof RowStream ? rows : streamRows(rows);
  const { batchSize } = (trainer.manifest() as { options: { batchSize: number } }).options;
  const checks = signal as AbortSignal | undefined;
  const measured = validation as Data<X, P> | undefined;
  const history: number[] = [];
  let steps = 0;
  let last: StreamEpoch | undefined;
  let lastTurn = Date.now();

  const step = async (batch: StreamRow[]): Promise<number> => {
    checks?.throwIfAborted();
    const data = batchOf(batch) as unknown as Data<X, P>;
    steps++;
    try {
      return trainer.step(data).loss;
    } catch (error) {
      if (errorCode(error) !== "not-fitted") throw error;
    }
    const { x, y } = batchOf(await firstRows(stream, from, adaptRows)) as unknown as Data<X, P>;
    const scalesTargets = trainer.fitHost.rules.border?.outputs.some((place) => place);
    await trainer.adaptAsync(x, scalesTargets ? y : undefined);
    return trainer.step(data).loss;
  };

  for (let epoch = from; epoch < from + epochs; epoch++) {
    let sum = 0;
    let count = 0;
    let batch: StreamRow[] = [];
    const take = async () => {
      sum += (await step(batch)) * batch.length;
      count += batch.length;
      batch = [];
    };
    for await (const block of stream.blocks(epoch))
      for (const row of block) {
        if (typeof row !== "object" || row === null || !("x" in row) || !("y" in row))
          throw new DataError(
            `fitStream: rows must be { x, y }; got ${describe(row)} at row ${count + batch.length} of epoch ${epoch}`,
            "type",
          );
        batch.push(row);
        if (batch.length < batchSize) continue;
        await take();
        if (Date.now() - lastTurn < SLICE_MS) continue;
        await new Promise((resolve) => setTimeout(resolve));
        lastTurn = Date.now();
      }
    if (batch.length > 0) await take();
    if (count === 0)
      throw new DataError(`fitStream: an epoch must have rows; got none in epoch ${epoch}`, "missing");
    const loss = sum / count;
    history.push(loss);
    last = {
      epoch: epoch + 1,
      rows: count,
      steps,
      loss,
      ...(measured ? { validation: await trainer.evaluateAsync(measured) } : {}),
    };
    if ((await (onEpoch as FitStreamOptions["onEpoch"])?.(last)) === "stop") break;
  }
  return { ...(last as StreamEpoch), history: { loss: history } };
}

async function firstRows(stream: RowStream<StreamRow>, epoch: number, most: number): Promise<StreamRow[]> {
  const rows: StreamRow[] = [];
  for await (const row of stream.epoch(epoch)) {
    rows.push(row);
    if (rows.length === most) break;
  }
  return rows;
}

/** Rows as `step` takes them: typed rows become one array, which is read without a look at each row. */
function batchOf(rows: readonly StreamRow[]): { x: unknown; y: unknown; sampleWeight?: unknown } {
  const [{ x: first, sampleWeight }] = rows;
  let x: unknown;
  if (isTypedArray(first)) {
    const width = first.length;
    const data = new Float64Array(width * rows.length);
    rows.forEach((row, i) => {
      const values = row.x as Float64Array;
      if (!isTypedArray(values) || values.length !== width)
        throw new DataError(
          `fitStream: rows must have ${width} numbers, as the first of the batch has; got ${describe(values)}`,
          "type",
        );
      data.set(values, i * width);
    });
    x = { data, shape: [rows.length, width] };
  } else x = rows.map((row) => row.x);
  const weights = sampleWeight === undefined ? {} : { sampleWeight: rows.map((row) => row.sampleWeight) };
  return { x, y: rows.map(({ y }) => y), ...weights };
}
