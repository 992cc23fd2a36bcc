/** Work that takes a page a while, and what the page gets done meanwhile. */

/** How often the page draws and runs timers while `work` runs, and the longest it waited for either, in ms. */
export async function watch(work) {
  let isOver = false;
  const seen = (ask) => {
    const result = { count: 0, longestGap: 0 };
    let last = performance.now();
    result.look = () => {
      const now = performance.now();
      result.longestGap = Math.max(result.longestGap, now - last);
      last = now;
    };
    const turn = () => {
      if (isOver) return;
      result.count++;
      result.look();
      ask(turn);
    };
    ask(turn);
    return result;
  };
  const frames = seen(requestAnimationFrame);
  const timers = seen((turn) => setTimeout(turn, 0));
  const start = performance.now();
  await work();
  const ms = performance.now() - start;
  isOver = true;
  timers.look();
  frames.look();
  return { ms, frames, timers };
}

/** A chain of short fits, each with an evaluation, of a network that takes microseconds. */
export function shortFits({ adam, binaryCrossEntropy, compile, dense, sequential }) {
  const model = sequential({ input: [2], seed: 42 }, [
    dense(8, { activation: "tanh" }),
    dense(1, { activation: "sigmoid" }),
  ]);
  const trainer = compile(model, { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.05 }) });
  const data = { x: Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1), y: [0, 1, 1, 0] };
  return async (rounds) => {
    for (let round = 0; round < rounds; round++) {
      await trainer.fit(data, { epochs: 1 });
      trainer.evaluate(data);
    }
  };
}

export const IMAGES = 20_000;
const PIXELS = 784;

/** Rows as images are often given: nested arrays, `distinct` of them over and over. */
export const images = (distinct = IMAGES) => {
  const rows = Array.from({ length: distinct }, (_, i) =>
    Array.from({ length: PIXELS }, (_, j) => ((i * 31 + j * 17) % 255) / 255),
  );
  return Array.from({ length: IMAGES }, (_, i) => rows[i % distinct]);
};

/** Calls that read all of such rows. */
export function longCalls({ adam, compile, crossEntropy, dense, sequential }, x) {
  const model = sequential({ input: [PIXELS], seed: 1 }, [
    dense(32, { activation: "relu" }),
    dense(10, { activation: "softmax" }),
  ]);
  const trainer = compile(model, { loss: crossEntropy(), optimizer: adam() });
  const data = { x, y: x.map((_, i) => i % 10) };
  return {
    fit: () => trainer.fit(data, { epochs: 1 }),
    bindAsync: () => trainer.bindAsync(data),
    predictAsync: () => trainer.predictAsync(x),
    evaluateAsync: () => trainer.evaluateAsync(data),
  };
}
