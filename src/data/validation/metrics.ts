/** Metrics that a user passes, and what is compared. */
import { describe } from "../../describe.ts";
import { OptionError } from "../../errors.ts";
import type { Result } from "../../rows/data.ts";
import type { Trainer } from "../../train/trainer.ts";

/** What a metric is called with: class indices where targets are names, else targets as they were given. */
// biome-ignore lint/suspicious/noExplicitAny: metrics of every kind, each of which checks what it is given
export type MetricFunction = ((truth: any, prediction: Result) => number) & {
  readonly metricName?: string;
  readonly better?: "higher" | "lower";
};

export function checkMetrics(who: string, metrics: unknown): readonly MetricFunction[] {
  if (!Array.isArray(metrics) || metrics.some((metric) => typeof metric !== "function"))
    throw new OptionError(
      `${who}: metrics must be an array of functions of (truth, prediction), such as those of wasmgrad/metrics; got ${describe(metrics)}`,
    );
  return metrics;
}

export const nameOfMetric = (metric: MetricFunction, i: number): string =>
  metric.metricName ?? (metric.name || `metric${i + 1}`);

/** Class indices of names, by the labels of a trainer. */
export function truthOf(y: unknown, trainer: { readonly manifest: () => Record<string, unknown> }): unknown {
  if (!Array.isArray(y) || typeof y[0] !== "string") return y;
  const { labels } = trainer.manifest().options as { readonly labels?: readonly string[] };
  if (labels === undefined) return y;
  const index = new Map(labels.map((label, i) => [label, i]));
  return Int32Array.from(y as string[], (name) => index.get(name) ?? -1);
}

/** The value of a metric for rows of a trainer. */
export async function measure(
  who: string,
  metric: MetricFunction,
  name: string,
  trainer: Trainer<never>,
  x: unknown,
  truth: unknown,
): Promise<number> {
  const value: unknown = metric(truth, (await trainer.predictAsync(x as never)) as Result);
  if (typeof value === "number") return value;
  throw new OptionError(`${who}: metric ${name} must give a number; got ${describe(value)}`);
}
