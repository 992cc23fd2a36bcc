/** The file of a program: safetensors, with the model and a digest in its metadata. docs/files.md says what is in it. */
import { describeModel } from "../model/describe-model.ts";
import type { Model } from "../model/model.ts";
import { startSha256 } from "../runtime/sha256.ts";
import { byCodeUnits, type FileTensor, writeSafetensors } from "../safetensors.ts";
import { VERSION } from "../version.ts";
import { fittedTensors, variableTensors } from "./file-tensors.ts";
import type { Bytes } from "./state.ts";
import type { Owner } from "./state-check.ts";

/** The version of the format that this package writes; it reads all up to it. */
export const FILE_FORMAT = 1;

/** Texts of a file's metadata, by name. */
export type Metadata = Readonly<Record<string, string>>;

/** What a file holds beside model and parameters. */
export interface FileParts {
  readonly metadata: Metadata;
  readonly tensors: readonly FileTensor[];
}

/**
 * @param entries what the metadata say beside the model: labels, loss, optimizer, ..
 * @param tensors what the file holds beside the variables
 */
export function writeFile(
  program: Owner,
  model: Model,
  entries: Metadata,
  tensors: readonly FileTensor[],
): Bytes {
  const metadata = {
    format: "wasmgrad",
    formatVersion: `${FILE_FORMAT}`,
    version: VERSION,
    model: JSON.stringify(describeModel(model)),
    // In one order, so that one content is one file.
    ...Object.fromEntries(Object.entries(entries).sort(([a], [b]) => byCodeUnits(a, b))),
  };
  const all = [...variableTensors(program), ...fittedTensors(program), ...tensors];
  return writeSafetensors(all, { ...metadata, digest: contentDigest(Object.entries(metadata), all) });
}

/**
 * SHA-256 over the metadata but the digest itself, by name in the order of code units: name and text, a zero byte behind each;
 * then over the tensors in the order of their names: the name and a zero byte, the dtype and a zero byte, the rank and the
 * dimensions as little-endian u32, the bytes. Strings are in UTF-8. It does not depend on how a header is written.
 */
export function contentDigest(
  metadata: Iterable<readonly [string, string]>,
  tensors: Iterable<FileTensor>,
): string {
  const digest = startSha256();
  const text = (value: string) => digest.add(new TextEncoder().encode(`${value}\0`));
  for (const [name, value] of [...metadata].sort(([a], [b]) => byCodeUnits(a, b)))
    if (name !== "digest") {
      text(name);
      text(value);
    }
  for (const { name, dtype, shape, data } of [...tensors].sort((a, b) => byCodeUnits(a.name, b.name))) {
    text(name);
    text(dtype);
    digest.add(new Uint8Array(Uint32Array.of(shape.length, ...shape).buffer));
    digest.add(data);
  }
  return digest.end();
}
