/** What browsers are asked about workers: bits, errors, ends, shared data, and that the page draws meanwhile. */
import { watch } from "./alive.mjs";
import { attempt, expect } from "./checks.mjs";

const PIXELS = 784;

/** A trainer of 784-128-10, and rows that look like images. */
export function imageTrainer({ adam, compile, crossEntropy, dense, sequential }) {
  const model = sequential({ input: [PIXELS], seed: 1 }, [
    dense(128, { activation: "relu" }),
    dense(10, { activation: "softmax" }),
  ]);
  return compile(model, { loss: crossEntropy(), optimizer: adam(), batchSize: 64 });
}

export const imageRows = (rows) => ({
  x: Float32Array.from({ length: rows * PIXELS }, (_, i) => ((i * 31) % 255) / 255),
  y: Int32Array.from({ length: rows }, (_, i) => i % 10),
});

/** Trains for so long, with a callback an epoch, and aborts. @returns how many callbacks there were */
export async function trainFor(trainer, data, ms) {
  const controller = new AbortController();
  let callbacks = 0;
  const onEpoch = () => {
    callbacks++;
  };
  setTimeout(() => controller.abort("over"), ms);
  await trainer.fit(data, { epochs: 1e9, onEpoch, signal: controller.signal }).catch((reason) => {
    if (reason !== "over") throw reason;
  });
  return callbacks;
}

/** Opens a page of `closing.mjs` in a frame, and closes it while it trains. */
async function closeWhileTraining() {
  const frame = document.createElement("iframe");
  frame.src = "/closing.html";
  const begun = new Promise((resolve) => {
    addEventListener("message", ({ data }) => resolve(data), { once: true });
  });
  document.body.append(frame);
  const said = await begun;
  frame.remove();
  return said;
}

/** Pages that are closed one after the other: with what they leave behind, if anything. */
const CLOSED_PAGES = 12;

/** @returns what `checks.mjs` gives of each check */
export async function checkWorkers(wasmgrad, { inWorker, runInWorkers }) {
  const data = imageRows(640);
  const make = () => imageTrainer(wasmgrad);
  return [
    await attempt("worker", async () => {
      const trainer = make();
      const remote = await inWorker(trainer);
      const epochs = [];
      await remote.fit(data, { epochs: 3, onEpoch: ({ epoch }) => epochs.push(epoch) });
      await trainer.fit(data, { epochs: 3 });
      expect((await remote.digest()) === trainer.digest(), "the digest of this thread");
      expect(epochs.at(-1) === 3, `the last epoch; got ${epochs}`);
      const isShared = typeof SharedArrayBuffer === "function";
      const x = new Float32Array(isShared ? new SharedArrayBuffer(PIXELS * 8) : new ArrayBuffer(PIXELS * 8));
      x.set(data.x.subarray(0, PIXELS * 2));
      const [a, b] = [(await remote.predict(x)).toArray(), trainer.predict(x).toArray()];
      expect(JSON.stringify(a) === JSON.stringify(b), "the predictions of this thread");
      const moved = imageRows(64);
      await remote.evaluate(moved, { transfer: true });
      expect(moved.x.length === 0 && data.x.length > 0, "data that were moved, and others that were not");
      const error = await remote.fit(data, { batch: 3 }).catch((thrown) => thrown);
      expect(
        error instanceof wasmgrad.OptionError && error.code === "option-unknown",
        `its class; got ${error}`,
      );
      const fit = remote.fit(data, { epochs: 1e9 }).catch((thrown) => thrown);
      remote.dispose();
      expect((await fit) instanceof wasmgrad.DisposedError, `a DisposedError; got ${await fit}`);
      return isShared ? "shared" : "copied";
    }),
    await attempt("worker jobs", async () => {
      const jobs = [0, 1, 2].map(() => ({
        source: make,
        run: async (trainer) => (await trainer.fit(data, { epochs: 1 })) && trainer.digest(),
      }));
      const digests = await runInWorkers(jobs, { workers: 2 });
      expect(new Set(digests).size === 1 && digests.length === 3, `equal digests; got ${digests}`);
    }),
    await attempt("closed pages", async () => {
      for (let i = 0; i < CLOSED_PAGES; i++) {
        const said = await closeWhileTraining();
        expect(said === "training", `a page that trains; got ${said}`);
      }
      const trainer = make();
      const remote = await inWorker(trainer);
      for (const one of [trainer, remote]) await one.fit(data, { epochs: 2 });
      expect((await remote.digest()) === trainer.digest(), "equal digests after pages were closed");
      remote.dispose();
      return `${CLOSED_PAGES} closed`;
    }),
    await attempt("worker frames", async () => {
      const remote = await inWorker(make);
      let callbacks = 0;
      const { frames, longestGap, ms } = await watch(async () => {
        callbacks = await trainFor(remote, data, 1000);
      });
      remote.dispose();
      const said = `${frames} frames in ${ms.toFixed(0)} ms, ${longestGap.toFixed(0)} ms apart at most`;
      expect(frames >= 5 && callbacks >= 2, `frames and callbacks; got ${said}, ${callbacks} callbacks`);
      return said;
    }),
  ];
}
