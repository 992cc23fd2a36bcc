/** `wasmgrad info`: what runs here, and what a model file holds. */
import { statSync } from "node:fs";
import { cpus } from "node:os";
import { type Column, isSupported, VERSION } from "../index.ts";
import { loadFile } from "../node/index.ts";
import { grouped, wrap } from "./tables.ts";

export interface EngineInfo {
  readonly version: string;
  readonly node: string;
  readonly v8: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  /** Whether the kernels run here. */
  readonly simd: boolean;
  /** What is missing, where they do not. */
  readonly missing?: string;
}

export function describeEngine(): EngineInfo {
  const simd = isSupported();
  const missing = simd ? undefined : isSupported.why();
  return {
    version: VERSION,
    node: process.version,
    v8: process.versions.v8,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    simd,
    ...(missing ? { missing } : {}),
  };
}

export const formatEngine = ({
  version,
  node,
  v8,
  platform,
  cpu,
  cores,
  simd,
  missing,
}: EngineInfo): string =>
  [
    `wasmgrad   ${version}`,
    `runs on    Node ${node}, V8 ${v8}, ${platform}`,
    `processor  ${cpu}, ${cores} core${cores === 1 ? "" : "s"}; wasmgrad uses one`,
    `kernels    ${simd ? "strict SIMD WebAssembly: the same bits on every machine" : `do not run here: ${missing}`}`,
  ].join("\n");

/** What a model file holds. */
export interface ModelInfo {
  readonly file: string;
  readonly bytes: number;
  readonly digest: string;
  readonly columns?: readonly Column[];
  readonly labels?: readonly string[];
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly summary: string;
}

export async function describeModel(path: string): Promise<ModelInfo> {
  const predictor = await loadFile(path);
  const { columns, labels } = predictor;
  return {
    file: path,
    bytes: statSync(path).size,
    digest: predictor.digest(),
    ...(columns ? { columns } : {}),
    ...(labels ? { labels } : {}),
    manifest: predictor.manifest() as Record<string, unknown>,
    summary: predictor.summary(),
  };
}

/** A column with what it may hold. */
function lineOf(column: Column): string[] {
  const { name, kind } = column;
  const categories = column.kind === "category" ? column.categories : undefined;
  const shown = categories?.slice(0, 8).join(", ") ?? "";
  return [`  ${name}`, kind, categories && categories.length > 8 ? `${shown}, ..` : shown];
}

export function formatModel({ file, bytes, digest, columns, labels, summary }: ModelInfo): string {
  const names = columns?.map(lineOf) ?? [];
  const widths = [0, 1].map((j) => Math.max(0, ...names.map((cells) => cells[j].length)));
  return [
    `${file}, ${grouped(bytes)} bytes`,
    `digest ${digest}`,
    ...(columns
      ? [
          "",
          `reads ${columns.length} column${columns.length === 1 ? "" : "s"}`,
          ...names.map(([name, kind, values]) =>
            `${name.padEnd(widths[0])}   ${kind.padEnd(widths[1])}   ${values}`.trimEnd().slice(0, 80),
          ),
        ]
      : []),
    ...(labels ? ["", wrap(`tells apart ${labels.length} classes: ${labels.join(", ")}`, 80, "  ")] : []),
    "",
    summary,
  ].join("\n");
}
