/** Rows that do not fit into memory: read anew for each epoch, and shuffled in a buffer. */
import { describe } from "../../describe.ts";
import { DataError, OptionError } from "../../errors.ts";
import { COUNT, FUNCTION, readOptions, refuseMore } from "../../options.ts";
import { Random } from "../../random.ts";
import { SEED_RULE } from "../table/split.ts";

/** Rows, or arrays of rows, that come one after the other. */
export type RowSource<T> = AsyncIterable<T | readonly T[]> | Iterable<T | readonly T[]>;

/** Which row it is: of which epoch, and its place in the source, both counted from 0. */
export interface RowPlace {
  readonly epoch: number;
  readonly index: number;
}

export interface StreamOptions<T = unknown> {
  /** Rows that wait, of which the next one is drawn; default 1, which keeps the order of the source. */
  readonly shuffleBuffer?: number;
  /** Default 0. */
  readonly seed?: number;
  /** Changes each row as it is read; it is told which one it is, so that what it draws does not depend on the order. */
  readonly map?: (row: T, place: RowPlace) => T;
}

/** Rows that can be gone through again and again. */
export class RowStream<T> implements AsyncIterable<T> {
  readonly #factory: (epoch: number) => RowSource<T> | Promise<RowSource<T>>;
  readonly #buffer: number;
  readonly #seed: number;
  // Of any row: a stream of rows that say more is one of rows that say less.
  readonly #map: ((row: never, place: RowPlace) => unknown) | undefined;

  /** @internal */
  constructor(
    factory: (epoch: number) => RowSource<T> | Promise<RowSource<T>>,
    buffer: number,
    seed: number,
    map: ((row: T, place: RowPlace) => T) | undefined,
  ) {
    this.#factory = factory;
    this.#buffer = buffer;
    this.#seed = seed;
    this.#map = map;
  }

  /** The rows of one epoch, in its order: it follows from the seed, the number of the epoch and the rows. */
  async *epoch(epoch = 0): AsyncGenerator<T> {
    refuseMore("epoch", arguments, 1);
    for await (const rows of this.blocks(epoch)) yield* rows;
  }

  [Symbol.asyncIterator](): AsyncGenerator<T> {
    return this.epoch(0);
  }

  /** @internal the same rows, as many at a time as come at once: awaiting each of a million takes a second */
  async *blocks(epoch: number): AsyncGenerator<readonly T[]> {
    const random = new Random(this.#seed, "stream", epoch);
    const size = this.#buffer;
    const waiting: T[] = [];
    let index = 0;
    for await (const item of sourceOf(await this.#factory(epoch))) {
      const rows: readonly T[] = Array.isArray(item) ? item : [item as T];
      const next: T[] = [];
      for (const given of rows) {
        const row = this.#map ? (this.#map(given as never, { epoch, index }) as T) : given;
        index++;
        if (size === 1) next.push(row);
        else if (waiting.length < size) waiting.push(row);
        else {
          const at = random.below(size);
          next.push(waiting[at]);
          waiting[at] = row;
        }
      }
      if (next.length > 0) yield next;
    }
    if (waiting.length > 0) yield random.shuffle(waiting);
  }
}

function sourceOf<T>(source: RowSource<T>): RowSource<T> {
  if (
    typeof source === "object" &&
    source !== null &&
    (Symbol.asyncIterator in source || Symbol.iterator in source)
  )
    return source;
  throw new DataError(
    `streamRows: the factory must give rows to iterate over; got ${describe(source)}`,
    "type",
  );
}

/**
 * Rows that are read anew for each epoch and need not fit into memory. Each row is drawn from a buffer of `shuffleBuffer` rows, in
 * which the next one from the source takes its place: the larger the buffer, the better the rows mix. A buffer that holds all
 * rows gives every order with the same chance.
 *
 * @param factory called once an epoch with its number; gives rows, or arrays of rows, in the same order each time
 * @example
 * const rows = streamRows(() => [{ x: [0], y: 1 }, { x: [1], y: 3 }, { x: [2], y: 5 }], { shuffleBuffer: 3, seed: 1 });
 * const order: number[] = [];
 * for await (const { y } of rows.epoch(0)) order.push(y);
 * order.sort(); // => [1, 3, 5]
 */
export function streamRows<T>(
  factory: (epoch: number) => RowSource<T> | Promise<RowSource<T>>,
  options: StreamOptions<T> = {},
): RowStream<T> {
  refuseMore("streamRows", arguments, 2, "write streamRows(factory, options)");
  if (typeof factory !== "function")
    throw new OptionError(
      `streamRows: takes a function that gives the rows anew for each epoch; got ${describe(factory)}`,
    );
  const { shuffleBuffer, seed, map } = readOptions("streamRows", options as StreamOptions, {
    shuffleBuffer: [1, COUNT],
    seed: [0, SEED_RULE],
    map: [undefined, FUNCTION],
  });
  return new RowStream(factory, shuffleBuffer, seed, map as StreamOptions<T>["map"]);
}
