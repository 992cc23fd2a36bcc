/** The rules of the record `Update` in f64, one parameter at a time, in the forms of PyTorch; Lion as in its paper. */
import { UpdateFn } from "../../assembly/abi.ts";

/** What a rule keeps beside each parameter, and of all of them. */
export interface UpdateState {
  readonly a: number[];
  readonly b: number[];
  readonly c: number[];
  /** Updates before this one. */
  t: number;
  /** Product of Nadam's momenta. */
  product: number;
}

export interface UpdateSettings {
  readonly rate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly extra: number;
  /** Of RMSProp: which slots it has. */
  readonly centered?: boolean;
  readonly hasMomentum?: boolean;
}

/** Updates w and the state in place. */
export function update(
  fn: UpdateFn,
  w: number[],
  g: ArrayLike<number>,
  state: UpdateState,
  s: UpdateSettings,
): void {
  const { a, b, c } = state;
  const { rate, beta1, beta2, epsilon, weightDecay, extra } = s;
  const t = ++state.t;
  const mu = beta1 * (1 - 0.5 * extra ** t);
  const muNext = beta1 * (1 - 0.5 * extra ** (t + 1));
  state.product *= mu;
  for (let i = 0; i < w.length; i++) {
    switch (fn) {
      case UpdateFn.RmsProp: {
        a[i] = beta2 * a[i] + (1 - beta2) * g[i] ** 2;
        if (s.centered) b[i] = beta2 * b[i] + (1 - beta2) * g[i];
        const d = g[i] / (Math.sqrt(Math.max(0, a[i] - b[i] ** 2)) + epsilon);
        if (s.hasMomentum) c[i] = beta1 * c[i] + d;
        w[i] -= rate * (s.hasMomentum ? c[i] : d);
        break;
      }
      case UpdateFn.Adagrad:
        a[i] += g[i] ** 2;
        w[i] -= (rate * g[i]) / (Math.sqrt(extra + a[i]) + epsilon);
        break;
      case UpdateFn.Adadelta: {
        a[i] = beta2 * a[i] + (1 - beta2) * g[i] ** 2;
        const d = (Math.sqrt(b[i] + epsilon) / Math.sqrt(a[i] + epsilon)) * g[i];
        b[i] = beta2 * b[i] + (1 - beta2) * d ** 2;
        w[i] -= rate * d;
        break;
      }
      case UpdateFn.Nadam: {
        a[i] = beta1 * a[i] + (1 - beta1) * g[i];
        b[i] = beta2 * b[i] + (1 - beta2) * g[i] ** 2;
        const root = Math.sqrt(b[i] / (1 - beta2 ** t)) + epsilon;
        w[i] -= (rate * (1 - mu) * g[i]) / (1 - state.product) / root;
        w[i] -= (rate * muNext * a[i]) / (1 - state.product * muNext) / root;
        break;
      }
      case UpdateFn.AmsGrad:
        w[i] *= 1 - rate * weightDecay;
        a[i] = beta1 * a[i] + (1 - beta1) * g[i];
        b[i] = beta2 * b[i] + (1 - beta2) * g[i] ** 2;
        c[i] = Math.max(c[i], b[i]);
        w[i] -= (rate * (a[i] / (1 - beta1 ** t))) / (Math.sqrt(c[i] / (1 - beta2 ** t)) + epsilon);
        break;
      case UpdateFn.Lion:
        w[i] *= 1 - rate * weightDecay;
        w[i] -= rate * Math.sign(beta1 * a[i] + (1 - beta1) * g[i]);
        a[i] = beta2 * a[i] + (1 - beta2) * g[i];
        break;
      case UpdateFn.Rprop: {
        if (t === 1) b[i] = rate;
        const turn = Math.sign(g[i]) * Math.sign(a[i]);
        b[i] = Math.min(Math.max(b[i] * (turn > 0 ? beta2 : turn < 0 ? beta1 : 1), epsilon), extra);
        a[i] = turn < 0 ? 0 : g[i];
        w[i] -= Math.sign(a[i]) * b[i];
      }
    }
  }
}
