/** Optimizers in f64, one parameter at a time, in the form of PyTorch. */

export interface SgdOptions {
  readonly learningRate: number;
  /** undefined: plain gradient descent */
  readonly momentum?: number;
  readonly nesterov?: boolean;
}

/** Updates w and v in place. */
export function sgd(w: number[], g: ArrayLike<number>, v: number[], options: SgdOptions): void {
  const { learningRate, momentum, nesterov } = options;
  for (let i = 0; i < w.length; i++) {
    if (momentum === undefined) {
      w[i] -= learningRate * g[i];
      continue;
    }
    v[i] = momentum * v[i] + g[i];
    w[i] -= learningRate * (nesterov ? g[i] + momentum * v[i] : v[i]);
  }
}

export interface AdamOptions {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly biasCorrection: boolean;
  readonly epsilonInsideRoot: boolean;
}

/** Update number t, from 1; w, m and v in place. */
export function adam(
  w: number[],
  g: ArrayLike<number>,
  m: number[],
  v: number[],
  t: number,
  options: AdamOptions,
): void {
  const { learningRate, beta1, beta2, epsilon, weightDecay } = options;
  const c1 = options.biasCorrection ? 1 - beta1 ** t : 1;
  const c2 = options.biasCorrection ? 1 - beta2 ** t : 1;
  for (let i = 0; i < w.length; i++) {
    w[i] *= 1 - learningRate * weightDecay;
    m[i] = beta1 * m[i] + (1 - beta1) * g[i];
    v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i];
    const denominator = options.epsilonInsideRoot
      ? Math.sqrt(v[i] / c2 + epsilon)
      : Math.sqrt(v[i] / c2) + epsilon;
    w[i] -= (learningRate * (m[i] / c1)) / denominator;
  }
}
