/** Checkpoints of a trainer in a worker: files of this thread, of whole steps there. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { checkpoint, latestCheckpoint, loadTrainerFile } from "../../src/node/index.ts";
import { inWorker } from "../../src/worker/index.ts";
import { xor, xorTrainer } from "../fixtures.ts";
import { local } from "./workers.ts";

const folder = mkdtempSync(join(tmpdir(), "wasmgrad-checkpoints-"));
afterAll(() => rmSync(folder, { recursive: true }));

it.each(["every", "latest"] as const)("checkpoints of a fit whose callbacks hear of %s", async (progress) => {
  using remote = await inWorker(xorTrainer, { worker: () => local(), progressInterval: 0 });
  const own = join(folder, progress);
  await remote.fit(xor, { epochs: 30, progress, onEpoch: checkpoint(own, { everyEpochs: 7, keep: 2 }) });
  const path = (await latestCheckpoint(own)) as string;
  const again = await loadTrainerFile(path);
  // One update an epoch.
  expect(path.endsWith(`-step-${again.steps}.safetensors`)).toBe(true);
  if (progress === "every") expect(again.epochs).toBe(28);
  await again.fit(xor, { untilEpoch: 30 });
  expect(again.digest({ training: true })).toBe(await remote.digest({ training: true }));
});
