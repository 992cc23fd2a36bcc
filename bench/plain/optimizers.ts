/** Optimizer updates in plain loops over Float32Arrays. */

/** Update number `t`, from 1, of Adam with the usual betas and epsilon. */
export function adamUpdate(
  w: Float32Array,
  g: Float32Array,
  m: Float32Array,
  v: Float32Array,
  t: number,
  learningRate: number,
): void {
  const rate = learningRate / (1 - 0.9 ** t);
  const scale = 1 / (1 - 0.999 ** t);
  for (let i = 0; i < w.length; i++) {
    const gradient = g[i];
    const first = m[i] + 0.1 * (gradient - m[i]);
    const second = v[i] + 0.001 * (gradient * gradient - v[i]);
    m[i] = first;
    v[i] = second;
    w[i] -= (rate * first) / (Math.sqrt(second * scale) + 1e-8);
  }
}

/** Gradient descent with momentum. */
export function momentumUpdate(
  w: Float32Array,
  g: Float32Array,
  v: Float32Array,
  learningRate: number,
  momentum: number,
): void {
  for (let i = 0; i < w.length; i++) {
    const velocity = momentum * v[i] + g[i];
    v[i] = velocity;
    w[i] -= learningRate * velocity;
  }
}
