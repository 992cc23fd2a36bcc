/** Streams of rows: their order, what training on them gives, and what it keeps in memory. */
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  columns,
  fitStream,
  readCsv,
  type StreamEpoch,
  type StreamRow,
  streamCsv,
  streamRows,
} from "../../src/data/index.ts";
import {
  adam,
  compile,
  crossEntropy,
  DataError,
  dense,
  meanSquaredError,
  OptionError,
  sequential,
  standardize,
} from "../../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "wasmgrad-stream-"));
afterAll(() => rmSync(folder, { recursive: true }));

const numbers = (n: number) => Array.from({ length: n }, (_, i) => i);
async function collect<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

describe("streamRows", () => {
  it("gives each row once an epoch, in the order of the source without a buffer", async () => {
    expect(await collect(streamRows(() => numbers(20)))).toEqual(numbers(20));
    for (const shuffleBuffer of [2, 5, 20, 100]) {
      const rows = await collect(streamRows(() => numbers(20), { shuffleBuffer }));
      expect(rows).not.toEqual(numbers(20));
      expect(rows.sort((a, b) => a - b)).toEqual(numbers(20));
    }
    expect(await collect(streamRows(() => []))).toEqual([]);
  });

  it("has an order of its own for each seed and epoch, the same every time", async () => {
    const order = (seed: number, epoch: number) =>
      collect(streamRows(() => numbers(50), { shuffleBuffer: 10, seed }).epoch(epoch));
    expect(await order(1, 2)).toEqual(await order(1, 2));
    expect(await order(1, 2)).not.toEqual(await order(1, 3));
    expect(await order(1, 2)).not.toEqual(await order(2, 2));
  });

  it("has the same order however the rows come", async () => {
    async function* late() {
      for (const n of numbers(60)) yield n;
    }
    const sources = [
      () => numbers(60),
      late,
      () => [numbers(60)],
      () => [numbers(7), 7, 8, numbers(60).slice(9)],
      async () => late(),
    ];
    const orders = [];
    for (const source of sources)
      orders.push(await collect(streamRows<number>(source, { shuffleBuffer: 16, seed: 3 })));
    for (const order of orders) expect(order).toEqual(orders[0]);
  });

  it("draws every order with the same chance where all rows are in the buffer", async () => {
    const counts = new Map<string, number>();
    const rows = streamRows(() => numbers(3), { shuffleBuffer: 3 });
    for (let epoch = 0; epoch < 6000; epoch++) {
      const order = (await collect(rows.epoch(epoch))).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(160);
  });

  it("holds no more rows than the buffer, and reads ahead no further", async () => {
    let given = 0;
    const source = function* () {
      for (;;) yield given++;
    };
    let taken = 0;
    for await (const _ of streamRows(source, { shuffleBuffer: 64 })) {
      taken++;
      expect(given - taken).toBeLessThanOrEqual(64);
      if (taken === 500) break;
    }
  });

  it("changes rows by their place, whatever their order", async () => {
    const map = (row: string, { epoch, index }: { epoch: number; index: number }) => `${row}${epoch}${index}`;
    const rows = streamRows(() => ["a", "b", "c"], { shuffleBuffer: 3, map });
    expect((await collect(rows.epoch(4))).sort()).toEqual(["a40", "b41", "c42"]);
  });

  it("refuses what gives no rows", async () => {
    expect(() => streamRows([1, 2] as never)).toThrow(OptionError);
    expect(() => streamRows(() => [1], { shuffleBuffer: 0 })).toThrow(OptionError);
    await expect(collect(streamRows(() => 3 as never))).rejects.toThrow(DataError);
  });
});

const line: StreamRow[] = numbers(70).map((i) => ({ x: [i / 70], y: 3 - (2 * i) / 70 }));
const makeLine = (batchSize = 8) =>
  compile(sequential({ input: [1], seed: 1 }, [dense(1)]), {
    loss: meanSquaredError(),
    optimizer: adam({ learningRate: 0.05 }),
    batchSize,
  });

describe("fitStream", () => {
  it("takes the steps of step, batch by batch, the last one short", async () => {
    const streamed = makeLine();
    const result = await fitStream(streamed, () => line, { epochs: 2 });
    expect(result).toMatchObject({ epoch: 2, rows: 70, steps: 18 });
    const stepped = makeLine();
    const losses: number[] = [];
    for (let epoch = 0; epoch < 2; epoch++) {
      let sum = 0;
      for (let at = 0; at < 70; at += 8) {
        const rows = line.slice(at, at + 8);
        sum +=
          stepped.step({ x: rows.map(({ x }) => x), y: rows.map(({ y }) => y) } as never).loss * rows.length;
      }
      losses.push(sum / 70);
    }
    expect(streamed.digest()).toBe(stepped.digest());
    expect(result.history.loss).toEqual(losses);
    expect(result.loss).toBe(losses[1]);
  });

  it("gives the same bits however rows come, and in two calls", async () => {
    const rows = streamRows(() => line, { shuffleBuffer: 20, seed: 5 });
    const whole = makeLine();
    await fitStream(whole, rows, { epochs: 4 });
    const parts = makeLine();
    async function* late() {
      for (const row of line) yield row;
    }
    await fitStream(parts, streamRows(late, { shuffleBuffer: 20, seed: 5 }), { epochs: 3 });
    await fitStream(parts, rows, { epochs: 1, from: 3 });
    expect(parts.digest()).toBe(whole.digest());
    const typed = makeLine();
    const asTyped = streamRows(() => line.map(({ x, y }) => ({ x: Float64Array.from(x as number[]), y })), {
      shuffleBuffer: 20,
      seed: 5,
    });
    await fitStream(typed, asTyped, { epochs: 4 });
    expect(typed.digest()).toBe(whole.digest());
  });

  it("measures validation rows, and stops when told", async () => {
    const events: StreamEpoch[] = [];
    const result = await fitStream(makeLine(), () => line, {
      epochs: 50,
      validation: { x: [[0.5]], y: [2] },
      onEpoch: async (event) => {
        events.push(event);
        return event.epoch === 3 ? "stop" : undefined;
      },
    });
    expect(events.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    expect(result.epoch).toBe(3);
    for (const { validation } of events) expect(validation?.loss).toBeGreaterThanOrEqual(0);
  });

  it("ends with the reason of its signal, after a whole step", async () => {
    const controller = new AbortController();
    const trainer = makeLine();
    const endless = function* () {
      for (let i = 0; ; i++) {
        if (i === 800) controller.abort(new Error("enough"));
        yield line[i % 70];
      }
    };
    await expect(fitStream(trainer, endless, { signal: controller.signal })).rejects.toThrow("enough");
    expect(trainer.steps).toBe(100);
  });

  it("lets the event loop run", async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await fitStream(makeLine(1), () => line, { epochs: 300 });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
  });

  it("fits scaling to the first rows", async () => {
    const make = () =>
      compile(sequential({ input: [1], seed: 1 }, [standardize(), dense(1)]), {
        loss: meanSquaredError(),
        optimizer: adam({ learningRate: 0.05 }),
        batchSize: 8,
      });
    const trainer = make();
    await fitStream(trainer, () => line, { adaptRows: 20 });
    const adapted = make();
    adapted.adapt(line.slice(0, 20).map(({ x }) => x) as never);
    await fitStream(adapted, () => line);
    expect(trainer.digest()).toBe(adapted.digest());
  });

  it("fits the scale of targets as well", async () => {
    const make = () =>
      compile(sequential({ input: [1], seed: 1 }, [dense(1)]), {
        loss: meanSquaredError(),
        optimizer: adam({ learningRate: 0.05 }),
        targets: "standardize",
      });
    const far = line.map(({ x, y }) => ({ x, y: 1000 + 500 * (y as number) }));
    const trainer = make();
    const { loss } = await fitStream(trainer, () => far, { epochs: 30 });
    expect(loss).toBeLessThan(2);
    expect(trainer.preprocessing["targets.output"].mean[0]).toBeGreaterThan(1000);
  });

  it("takes weights", async () => {
    const weighted = makeLine();
    await fitStream(weighted, () => line.map((row, i) => ({ ...row, sampleWeight: i % 2 })));
    const plain = makeLine();
    await fitStream(plain, () => line);
    expect(weighted.digest()).not.toBe(plain.digest());
  });

  it("refuses rows that are none, and epochs without", async () => {
    await expect(fitStream(makeLine(), () => [1] as never)).rejects.toThrow(
      "fitStream: rows must be { x, y }; got 1 at row 0 of epoch 0",
    );
    await expect(fitStream(makeLine(), () => [])).rejects.toThrow(
      "fitStream: an epoch must have rows; got none in epoch 0",
    );
    const uneven = [Float64Array.of(1), Float64Array.of(1, 2)].map((x) => ({ x, y: 1 }));
    await expect(fitStream(makeLine(), () => uneven)).rejects.toThrow(DataError);
    await expect(fitStream({} as never, () => line)).rejects.toThrow(OptionError);
    await expect(fitStream(makeLine(), () => line, { epochs: 0 })).rejects.toThrow(OptionError);
  });
});

describe("a file that is streamed through training", () => {
  /** 20 numbers and a label of three classes, which the first two numbers say. */
  function* lines(rows: number): Generator<string> {
    yield `${numbers(20).map((i) => `f${i}`)},label\n`;
    let state = 1;
    const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
    for (let row = 0; row < rows; ) {
      let text = "";
      for (let i = 0; i < 1000 && row < rows; i++, row++) {
        const values = numbers(20).map(() => (next() * 4 - 2).toFixed(4));
        text += `${values},${+values[0] + +values[1] > 1 ? "high" : +values[0] + +values[1] < -1 ? "low" : "mid"}\n`;
      }
      yield text;
    }
  }

  it("learns, with no more than the buffer in memory", async () => {
    const path = join(folder, "large.csv");
    writeFileSync(path, [...lines(60_000)].join(""));
    const head = await readCsv(createReadStream(path), { rows: 5000 });
    const data = columns(head, { target: "label" });
    const trainer = compile(
      sequential({ columns: data.columns, seed: 1 }, [
        dense(16, { activation: "relu" }),
        dense(3, { activation: "softmax" }),
      ]),
      { loss: crossEntropy(), optimizer: adam({ learningRate: 0.005 }), labels: data.labels, batchSize: 64 },
    );
    let most = 0;
    const tables = () =>
      data.rowsOf(streamCsv(createReadStream(path), { types: head.types, tableRows: 2000 }));
    const counted = async function* () {
      let waiting = 0;
      for await (const rows of tables()) {
        waiting = rows.length;
        most = Math.max(most, waiting);
        yield rows;
      }
    };
    const { loss, rows } = await fitStream(trainer, streamRows(counted, { shuffleBuffer: 4000, seed: 1 }), {
      epochs: 2,
    });
    expect(rows).toBe(60_000);
    expect(most).toBe(2000);
    expect(loss).toBeLessThan(0.3);
    expect(trainer.evaluate(data as never).accuracy).toBeGreaterThan(0.9);
  }, 120_000);
});
