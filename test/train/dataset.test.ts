import { describe, expect, it } from "vitest";
import { Run } from "../../assembly/abi.ts";
import { compile, dense, meanSquaredError, model, sequential, sgd } from "../../src/index.ts";
import { classes, classifier, noise, xorTrainer } from "../fixtures.ts";

describe("data larger than the window", () => {
  const rows = 8 * 12 + 5;
  const data = classes(rows);
  for (const shuffle of [true, false]) {
    const resident = classifier();
    const expected = resident.fitSync(data, { epochs: 4, shuffle });
    for (const windowRows of [1, 8, 13, 16, 40, 96, 104, 4096])
      it(`gives the bits of resident data: window of ${windowRows} rows, ${shuffle ? "shuffled" : "in order"}`, () => {
        const streamed = classifier({ windowRows });
        expect(streamed.fitSync(data, { epochs: 4, shuffle })).toEqual(expected);
        expect(streamed.state()).toEqual(resident.state());
      });

    it(`gives the bits of resident data in any number of calls, ${shuffle ? "shuffled" : "in order"}`, () => {
      const streamed = classifier({ windowRows: 24 });
      for (let i = 0; i < 4; i++) streamed.fitSync(data, { shuffle });
      expect(streamed.state()).toEqual(resident.state());
    });
  }

  it("gives the same bits with rows wider than a cache line, and with one-hot targets", () => {
    const wide = (windowRows: number) =>
      compile(sequential({ input: [70] }, [dense(9, { activation: "tanh" }), dense(33)]), {
        loss: meanSquaredError(),
        optimizer: sgd({ learningRate: 0.1 }),
        batchSize: 4,
        windowRows,
      });
    const x = noise(70 * 50);
    const y = noise(33 * 50, 2);
    const [streamed, resident] = [8, 64].map((windowRows) => {
      const trainer = wide(windowRows);
      trainer.fitSync({ x, y }, { epochs: 3 });
      return trainer.digest();
    });
    expect(streamed).toBe(resident);
  });

  it("gives the same bits where a window is laid out in several pieces", () => {
    const inputs = 20_000;
    const [x, y] = [noise(inputs * 50), noise(50, 2)];
    const digests = [24, 64].map((windowRows) => {
      const trainer = compile(sequential({ input: [inputs] }, [dense(1)]), {
        ...{ loss: meanSquaredError(), optimizer: sgd({ learningRate: 1e-4 }), batchSize: 4, windowRows },
      });
      trainer.fitSync({ x, y }, { epochs: 2 });
      // The last piece, of 2^18 words at most.
      if (windowRows < 50) expect(trainer.program.run(Run.WindowRows)).toBe(2);
      return trainer.digest();
    });
    expect(digests[0]).toBe(digests[1]);
  });

  it("gives the same bits with several inputs and outputs", () => {
    const make = (windowRows: number) =>
      compile(
        model({ inputs: { a: [3], b: [2, 2] } }, ({ a, b }) => {
          const h = dense(5, { activation: "relu" })(a).add(dense(5)(b.reshape([-1, 4])));
          return { u: dense(1)(h), v: dense(2)(h) };
        }),
        {
          loss: { u: meanSquaredError(), v: meanSquaredError() },
          optimizer: sgd(),
          batchSize: 4,
          windowRows,
        },
      );
    const rows = 30;
    const data = {
      x: { a: noise(rows * 3), b: noise(rows * 4, 2) },
      y: { u: noise(rows, 3), v: noise(rows * 2, 4) },
    };
    const [streamed, resident] = [12, 100].map((windowRows) => {
      const trainer = make(windowRows);
      trainer.fitSync(data, { epochs: 3 });
      return trainer.digest();
    });
    expect(streamed).toBe(resident);
  });

  it("takes as much memory as its window, not as the data", () => {
    const small = classifier({ windowRows: 8 });
    const large = classifier({ windowRows: 8000 });
    const window = (t: typeof small) => /window +([\d.]+ \w+)/.exec(t.summary())?.[1];
    expect(window(small)).toBe("288 B");
    expect(window(large)).toBe("281.3 KiB");
  });
});

describe("data", () => {
  it("may change in size between calls", () => {
    const trainer = classifier();
    for (const rows of [3, 50, 8, 9, 200, 1]) {
      const { steps } = trainer.fitSync(classes(rows));
      expect(steps).toBe(Math.ceil(rows / 8));
    }
  });

  it("of one batch are taken as they are, whether shuffled or not", () => {
    const digests = [true, false].map((shuffle) => {
      const trainer = classifier();
      trainer.fitSync(classes(8), { epochs: 5, shuffle });
      return trainer.digest();
    });
    expect(digests[0]).toBe(digests[1]);
  });

  it("give the same bits as nested arrays and as typed ones", () => {
    const { x, y } = classes(30);
    const nested = Array.from({ length: 30 }, (_, i) => [...x.slice(i * 5, i * 5 + 5)]);
    const [a, b] = [x, nested].map((rows) => {
      const trainer = classifier();
      trainer.fitSync({ x: rows, y }, { epochs: 3 });
      return trainer.digest();
    });
    expect(a).toBe(b);
  });

  it("may change kind of targets between calls", () => {
    const { x, y } = classes(8);
    const oneHot = y.map((label) => [0, 1, 2].map((i) => (i === label ? 1 : 0)));
    const trainer = classifier();
    const labels = trainer.evaluate({ x, y });
    trainer.step({ x, y: oneHot });
    trainer.reset();
    expect(trainer.evaluate({ x, y: oneHot })).toEqual({ ...labels, loss: expect.closeTo(labels.loss, 6) });
    expect(trainer.evaluate({ x, y })).toEqual(labels);
  });

  it("of a partial epoch do not reach beyond other, smaller data", async () => {
    const trainer = classifier();
    const abort = new AbortController();
    const running = trainer.fit(classes(8 * 200), {
      epochs: Number.POSITIVE_INFINITY,
      signal: abort.signal,
    });
    abort.abort();
    await running.catch(() => {});
    expect(trainer.fitSync(classes(3)).epochs).toBe(1);
  });

  it("are left alone: no row is written to", () => {
    const { x, y } = classes(40);
    const copy = x.slice();
    classifier({ windowRows: 8 }).fitSync({ x, y }, { epochs: 2 });
    expect(x).toEqual(copy);
  });
});

describe("an epoch in random order", () => {
  it("differs from epoch to epoch and from seed to seed", () => {
    const data = classes(100);
    const digests = new Set<string>();
    for (const shuffleSeed of [1, 2]) {
      const trainer = classifier({ shuffleSeed });
      const start = trainer.state();
      for (let epoch = 0; epoch < 3; epoch++) {
        trainer.fitSync(data);
        digests.add(trainer.digest());
        const counters = trainer.state();
        // The same parameters again, but with the epoch counter of now.
        const back = start.slice();
        back.set(counters.subarray(24, 24 + 64), 24);
        trainer.restore(back);
      }
    }
    expect(digests.size).toBe(6);
  });

  it("has the same bits in a program compiled anew", () => {
    const data = classes(100);
    const digests = [0, 1].map(() => {
      const trainer = classifier();
      trainer.fitSync(data, { epochs: 2 });
      return trainer.digest();
    });
    expect(digests[0]).toBe(digests[1]);
  });

  it("is that of the global epoch, so that XOR in batches of 1 can be cut anywhere", () => {
    const data = {
      x: [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
      ],
      y: [0, 1, 1, 0],
    };
    const whole = xorTrainer(1, { batchSize: 1 });
    whole.fitSync(data, { epochs: 20 });
    const parts = xorTrainer(1, { batchSize: 1 });
    for (const epochs of [1, 7, 2, 10]) parts.fitSync(data, { epochs });
    expect(parts.state()).toEqual(whole.state());
  });
});
