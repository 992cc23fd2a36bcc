/** Callbacks of a trainer in a worker: frames that are dropped, and what callbacks decide. */
import { describe, expect, it } from "vitest";
import type { EpochEvent, FitProgress } from "../../src/index.ts";
import { reporterOf } from "../../src/worker/progress.ts";
import { xor } from "../fixtures.ts";
import { WAYS } from "./workers.ts";

describe.each(WAYS)("progress of a trainer $name", ({ inWorker, main, options }) => {
  const { adam, binaryCrossEntropy, compile, dense, sequential } = main;
  const make = () =>
    compile(
      sequential({ input: [2], seed: 42 }, [
        dense(8, { activation: "tanh" }),
        dense(1, { activation: "sigmoid" }),
      ]),
      { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.05 }) },
    );
  const remoteTrainer = () => inWorker(make, { ...options, progressInterval: 0 });

  it("leaves out epochs while a callback is slow, in order, and tells the last one", async () => {
    using remote = await remoteTrainer();
    const epochs: number[] = [];
    let running = 0;
    const onEpoch = async ({ epoch }: EpochEvent) => {
      expect(++running).toBe(1);
      epochs.push(epoch);
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      running--;
    };
    const { history } = await remote.fit(xor, { epochs: 50_000, onEpoch });
    expect(epochs.at(-1)).toBe(50_000);
    expect(epochs.length).toBeLessThan(5_000);
    expect(epochs).toEqual([...epochs].sort((a, b) => a - b));
    // Callbacks change no bit.
    const trainer = make();
    expect(history).toEqual(trainer.fitSync(xor, { epochs: 50_000 }).history);
    expect(await remote.digest()).toBe(trainer.digest());
  });

  it("tells onProgress, and gives callbacks the trainer", async () => {
    using remote = await remoteTrainer();
    const seen: FitProgress[] = [];
    let digest: Promise<string> | undefined;
    const result = await remote.fit(xor, {
      epochs: 20_000,
      onProgress: (progress, trainer) => {
        seen.push(progress);
        expect(trainer).toBe(remote);
        digest ??= trainer.digest();
      },
    });
    expect(seen.at(-1)).toMatchObject({ epochs: result.epochs, steps: result.steps, loss: result.loss });
    expect(await digest).toMatch(/^[0-9a-f]{64}$/);
  });

  it("ends the same epoch every time where each one is awaited", async () => {
    using remote = await remoteTrainer();
    const epochs: number[] = [];
    const states: Uint8Array[] = [];
    const result = await remote.fit(xor, {
      epochs: 100,
      progress: "every",
      onEpoch: [
        async ({ epoch }, trainer) => {
          epochs.push(epoch);
          states.push(await trainer.state());
          if (epoch === 2) await trainer.setLearningRate(0.01);
        },
        ({ epoch }) => (epoch === 4 ? "stop" : undefined),
      ],
    });
    expect(epochs).toEqual([1, 2, 3, 4]);
    const trainer = make();
    const expected: Uint8Array[] = [];
    const own = await trainer.fit(xor, {
      epochs: 100,
      onEpoch: ({ epoch }) => {
        expected.push(trainer.state());
        if (epoch === 2) trainer.setLearningRate(0.01);
        return epoch === 4 ? "stop" : undefined;
      },
    });
    expect(result).toEqual(own);
    expect(states).toEqual(expected);
    expect(await remote.state()).toEqual(trainer.state());
  });

  it("stops some epochs after a callback said so", async () => {
    using remote = await remoteTrainer();
    const { reason, epochs } = await remote.fit(xor, { epochs: 1e9, onEpoch: () => "stop" });
    expect(reason).toBe("stopped");
    expect(epochs).toBeGreaterThan(0);
  });

  it.each(["latest", "every"] as const)("ends with what a callback throws (%s)", async (progress) => {
    using remote = await remoteTrainer();
    const mine = { not: "an error", because: () => {} };
    const fit = remote.fit(xor, {
      epochs: progress === "every" ? 5 : 1e9,
      progress,
      onEpoch: async () => {
        throw mine;
      },
    });
    await expect(fit).rejects.toBe(mine);
    // At rest again.
    const epochs = await remote.epochs;
    if (progress === "every") expect(epochs).toBe(1);
    await remote.fit(xor, { epochs: 1 });
    expect(await remote.epochs).toBe(epochs + 1);
  });

  it("ends with what a callback of the last epoch throws", async () => {
    using remote = await remoteTrainer();
    const mine = new Error("mine");
    const onEpoch = ({ epoch }: EpochEvent) => {
      if (epoch === 3) throw mine;
    };
    await expect(remote.fit(xor, { epochs: 3, onEpoch })).rejects.toBe(mine);
    expect(await remote.epochs).toBe(3);
  });
});

describe("a reporter", () => {
  const event = (epoch: number) => ({ epoch: { epoch } as EpochEvent });

  it("has at most one message on its way, and the newest next", async () => {
    const sent: unknown[] = [];
    const answers: ((answer: unknown) => void)[] = [];
    const send = (events: unknown) => {
      sent.push(events);
      return new Promise((resolve) => answers.push(resolve));
    };
    const settings = { onEpoch: true, onProgress: false, every: false, interval: 0 };
    const reporter = reporterOf(settings, send);
    for (let epoch = 1; epoch <= 5; epoch++) expect(reporter.tell(event(epoch))).toBeUndefined();
    expect(sent).toEqual([event(1)]);
    answers[0](undefined);
    await Promise.resolve();
    reporter.tell(event(6));
    reporter.tell(event(7));
    expect(sent).toEqual([event(1), event(6)]);
    const finished = reporter.finish();
    answers[1]("stop");
    await expect.poll(() => sent).toEqual([event(1), event(6), event(7)]);
    answers[2](undefined);
    await finished;
    expect(reporter.tell(event(8))).toBe("stop");
  });

  it("leaves time between two messages", () => {
    const sent: unknown[] = [];
    const settings = { onEpoch: true, onProgress: false, every: false, interval: 1e6 };
    const reporter = reporterOf(settings, async (events) => sent.push(events));
    for (let epoch = 1; epoch <= 5; epoch++) reporter.tell(event(epoch));
    expect(sent).toEqual([event(1)]);
  });
});
