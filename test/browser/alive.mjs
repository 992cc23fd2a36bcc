/** Work that takes a page a while, and what the page gets done meanwhile. */

/** How many frames the page draws while `work` runs, how long it waited for each, and the longest; times in ms. */
export async function watch(work) {
  let frames = 0;
  const gaps = [];
  let isOver = false;
  const start = performance.now();
  let last = start;
  const look = () => {
    const now = performance.now();
    gaps.push(now - last);
    last = now;
  };
  const frame = () => {
    if (isOver) return;
    frames++;
    look();
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  await work();
  isOver = true;
  look();
  return { frames, gaps, longestGap: Math.max(...gaps), ms: last - start };
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

const IMAGES = 20_000;
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
