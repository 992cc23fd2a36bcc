/** Tables for people, and the same as data. */
import { speedup, type Timing } from "./measure.ts";
import type { Workload } from "./workload.ts";

export interface Line {
  readonly suite: string;
  readonly workload: string;
  readonly unit: string;
  /** Median time of a unit, in ms. */
  readonly ms: number;
  readonly fastestMs: number;
  readonly plainMs: number;
  /** How many times faster than plain loops. */
  readonly overPlain: number;
  readonly gflops?: number;
  /** Of the register-only peak, measured in the same turns. */
  readonly peakGflops?: number;
  readonly percentOfPeak?: number;
  /** The best of the engine in any turn against the best of the peak in any: what is left of the noise of the machine. */
  readonly fastestPercentOfPeak?: number;
  readonly gigabytesPerSecond?: number;
  /** Of what a copy loop reaches in bytes a second, measured in the same turns. */
  readonly percentOfCopy?: number;
  readonly nsPerItem?: number;
  readonly item?: string;
}

export interface Timings {
  readonly engine: Timing;
  readonly plain: Timing;
  readonly peak?: Timing;
  readonly copy?: Timing;
}

export function line(suite: string, workload: Workload, timings: Timings): Line {
  const { engine, plain, peak, copy } = timings;
  const { flops, bytes, items } = workload;
  return {
    suite,
    workload: workload.name,
    unit: workload.unit,
    ms: engine.ms,
    fastestMs: engine.fastestMs,
    plainMs: plain.ms,
    overPlain: speedup(engine, plain),
    ...(flops !== undefined ? { gflops: flops / engine.ms / 1e6 } : {}),
    // A unit of the peak is one operation.
    ...(flops !== undefined && peak
      ? {
          peakGflops: 1 / peak.ms / 1e6,
          percentOfPeak: 100 * flops * speedup(engine, peak),
          fastestPercentOfPeak: (100 * flops * peak.fastestMs) / engine.fastestMs,
        }
      : {}),
    ...(bytes !== undefined ? { gigabytesPerSecond: bytes / engine.ms / 1e6 } : {}),
    ...(copy ? { percentOfCopy: 100 * speedup(engine, copy) } : {}),
    ...(items ? { nsPerItem: (engine.ms * 1e6) / items.count, item: items.name } : {}),
  };
}

export function formatTime(ms: number): string {
  const [value, unit] =
    ms < 1e-3 ? [ms * 1e6, "ns"] : ms < 1 ? [ms * 1e3, "us"] : ms < 1000 ? [ms, "ms"] : [ms / 1000, "s"];
  return `${(value as number).toPrecision(3).replace(/e\+\d+$/, "")} ${unit}`;
}

const number = (digits: number) => (value: number | undefined) => value?.toFixed(digits) ?? "";

/** Columns of which at least one line has something to say. */
const COLUMNS: readonly { title: string; cell(l: Line): string }[] = [
  { title: "workload", cell: (l) => l.workload },
  { title: "time", cell: (l) => `${formatTime(l.ms)}/${l.unit}` },
  { title: "each", cell: (l) => (l.item ? `${number(2)(l.nsPerItem)} ns/${l.item}` : "") },
  { title: "GFLOP/s", cell: (l) => number(1)(l.gflops) },
  { title: "peak", cell: (l) => number(1)(l.peakGflops) },
  { title: "% of peak", cell: (l) => number(0)(l.percentOfPeak) },
  { title: "best", cell: (l) => number(0)(l.fastestPercentOfPeak) },
  { title: "GB/s", cell: (l) => number(1)(l.gigabytesPerSecond) },
  { title: "% of copy", cell: (l) => number(0)(l.percentOfCopy) },
  { title: "plain loops", cell: (l) => formatTime(l.plainMs) },
  { title: "ratio", cell: (l) => `${l.overPlain.toFixed(1)}x` },
];

export function table(lines: readonly Line[]): string {
  const columns = COLUMNS.filter(({ cell }) => lines.some((l) => cell(l) !== ""));
  return grid([columns.map((c) => c.title), ...lines.map((l) => columns.map((c) => c.cell(l)))]);
}

/** Columns padded to their widest cell; all but the first right-aligned. */
export function grid(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, j) => Math.max(...rows.map((row) => row[j].length)));
  return rows
    .map((row) =>
      row
        .map((cell, j) => (j === 0 ? cell.padEnd(widths[j]) : cell.padStart(widths[j])))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
