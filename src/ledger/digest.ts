/** Digests of what a ledger holds, in steps: states and data may be large. */

import { stateTensors, variableTensors } from "../program/file-tensors.ts";
import { digestParts, type Program } from "../program/program.ts";
import { type Sha256, startSha256 } from "../runtime/sha256.ts";
import type { Steps } from "../steps.ts";
import type { LedgerData } from "../train/ledger.ts";
import type { Column, Dataset } from "../train/windows.ts";

/** Bytes that are digested without a break: one to four milliseconds. */
const STRETCH_BYTES = 1 << 17;

/** `trainer.digest({ training: true })` */
export function* digestOfState(program: Program): Steps<string> {
  const digest = startSha256();
  // Asked for anew after each break, because the views of a program may be replaced.
  const partsOf = (tensor: number) =>
    digestParts([...variableTensors(program), ...stateTensors(program)][tensor]);
  const count = variableTensors(program).length + stateTensors(program).length;
  for (let tensor = 0; tensor < count; tensor++) {
    const [name, shape, { length }] = partsOf(tensor);
    digest.add(name);
    digest.add(shape);
    for (let at = 0; at < length; at += STRETCH_BYTES) {
      digest.add(partsOf(tensor)[2].subarray(at, at + STRETCH_BYTES));
      if (length > STRETCH_BYTES) yield;
    }
  }
  return digest.end();
}

/**
 * For each column, inputs first, then targets, then weights: the words of a row and what a word is (0: f32, 1: i32, 2: f64), as
 * two little-endian u32, then the values. A NaN is that of JavaScript.
 */
export function* digestOfData({ rows, columns }: Dataset): Steps<LedgerData> {
  const digest = startSha256();
  for (const { words, data } of columns) {
    const kind = data instanceof Float32Array ? 0 : data instanceof Int32Array ? 1 : 2;
    addBytes(digest, Uint32Array.of(words, kind));
    const most = STRETCH_BYTES / data.BYTES_PER_ELEMENT;
    for (let at = 0; at < data.length; at += most) {
      addBytes(digest, plain(data.subarray(at, at + most)));
      if (data.length > most) yield;
    }
  }
  return { rows, digest: digest.end() };
}

const addBytes = (digest: Sha256, { buffer, byteOffset, byteLength }: ArrayBufferView): void =>
  digest.add(new Uint8Array(buffer, byteOffset, byteLength));

/** The two words of the one NaN that counts, whose payload engines choose. */
const NAN_WORDS = [0, 0x7ff80000];

/** Values with one NaN: only rows before preprocessing hold any. */
function plain(values: Column["data"]): Column["data"] {
  if (!(values instanceof Float64Array) || !values.some(Number.isNaN)) return values;
  const copy = values.slice();
  const words = new Uint32Array(copy.buffer);
  copy.forEach((value, i) => {
    if (Number.isNaN(value)) words.set(NAN_WORDS, 2 * i);
  });
  return copy;
}
