import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileError, OptionError } from "../../src/index.ts";
import { checkpoint, latestCheckpoint, loadTrainerFile } from "../../src/node/index.ts";
import { classifier, noise, xor, xorTrainer } from "../fixtures.ts";

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "wasmgrad-checkpoints-")), "made");
});
afterEach(() => rmSync(join(folder, ".."), { recursive: true, force: true }));

const stepsIn = () =>
  readdirSync(folder)
    .sort()
    .map((name) => Number(/step-(\d+)\.safetensors$/.exec(name)?.[1]));

describe("checkpoints", () => {
  it("are kept every so many epochs, the last few of them", async () => {
    const trainer = xorTrainer();
    await trainer.fit(xor, { epochs: 11, onEpoch: checkpoint(folder, { everyEpochs: 2, keep: 3 }) });
    expect(stepsIn()).toEqual([6, 8, 10]);
    expect(readdirSync(folder).sort()).toEqual([
      "checkpoint-000003-step-6.safetensors",
      "checkpoint-000004-step-8.safetensors",
      "checkpoint-000005-step-10.safetensors",
    ]);
  });

  it("count the epochs of the trainer: a fit that goes on keeps them at the same places", async () => {
    const trainer = xorTrainer();
    for (let i = 0; i < 5; i++)
      await trainer.fit(xor, { epochs: 3, onEpoch: checkpoint(folder, { everyEpochs: 5, keep: 9 }) });
    expect(stepsIn()).toEqual([5, 10, 15]);
  });

  it("are one an epoch by default, beside other callbacks", async () => {
    const seen: number[] = [];
    await xorTrainer().fit(xor, {
      epochs: 5,
      onEpoch: [checkpoint(folder), ({ epoch }) => seen.push(epoch)],
    });
    expect(stepsIn()).toEqual([3, 4, 5]);
    expect(seen).toEqual([1, 2, 3, 4, 5]);
  });

  it("are kept every so many seconds, within epochs too, and go on to the bit", async () => {
    const data = { x: noise(40_000 * 5, 3), y: Int32Array.from({ length: 40_000 }, (_, i) => i % 3) };
    const trainer = classifier();
    await trainer.fit(data, {
      epochs: 5,
      onProgress: checkpoint(folder, { everySeconds: 1e-9, keep: 1000 }),
    });
    const { length } = readdirSync(folder);
    expect(length).toBeGreaterThan(1);
    const inside = stepsIn().find((steps) => steps % 5000 !== 0) as number;
    expect(inside).toBeGreaterThan(0);
    const name = readdirSync(folder).find((file) => file.endsWith(`step-${inside}.safetensors`)) as string;
    const again = await loadTrainerFile(join(folder, name));
    expect(again.steps).toBe(inside);
    await again.fit(data, { epochs: 5 - again.epochs });
    expect(again.digest({ training: true })).toBe(trainer.digest({ training: true }));
  });

  it("remember what an early stopping knows", async () => {
    const rows = { x: noise(60 * 5, 8), y: Int32Array.from({ length: 60 }, (_, i) => (i * 7) % 3) };
    const options = { epochs: 60, validation: 0.3, earlyStopping: { patience: 5 } } as const;
    const whole = classifier();
    const result = await whole.fit(rows, options);
    expect(result.reason).toBe("patience");
    const controller = new AbortController();
    const cut = classifier();
    const aborted = cut.fit(rows, {
      ...options,
      signal: controller.signal,
      onEpoch: [
        checkpoint(folder),
        ({ epoch }) => {
          if (epoch === result.epochs - 2) controller.abort();
        },
      ],
    });
    await expect(aborted).rejects.toThrow();
    const again = await loadTrainerFile((await latestCheckpoint(folder)) as string);
    expect(again.epochs).toBe(result.epochs - 2);
    const rest = await again.fit(rows, { ...options, epochs: 60 - again.epochs });
    expect(rest.reason).toBe("patience");
    expect(rest.best).toEqual(result.best);
    expect(again.digest({ training: true })).toBe(whole.digest({ training: true }));
  });

  it("are numbered on, after a reset too, so that the newest is known", async () => {
    const trainer = xorTrainer();
    await trainer.fit(xor, { epochs: 3, onEpoch: checkpoint(folder, { keep: 9 }) });
    trainer.reset();
    await trainer.fit(xor, { epochs: 1, onEpoch: checkpoint(folder, { keep: 9 }) });
    expect(await latestCheckpoint(folder)).toBe(join(folder, "checkpoint-000004-step-1.safetensors"));
  });

  it("end a fit that cannot write them, and earlier ones stay", async () => {
    const trainer = xorTrainer();
    await trainer.fit(xor, { epochs: 1, onEpoch: checkpoint(folder) });
    const file = join(folder, "checkpoint-000001-step-1.safetensors", "no-folder");
    await expect(trainer.fit(xor, { epochs: 5, onEpoch: checkpoint(file) })).rejects.toThrow(FileError);
    expect(await latestCheckpoint(folder)).toBeDefined();
    expect(trainer.epochs).toBe(2);
  });

  it("refuse options that are none", () => {
    expect(() => checkpoint(folder, { everyEpochs: 0 })).toThrow(OptionError);
    expect(() => checkpoint(folder, { everySeconds: 0 })).toThrow(OptionError);
    expect(() => checkpoint(folder, { keep: 0 })).toThrow(OptionError);
    expect(() => checkpoint(folder, { every: 1 } as never)).toThrow("unknown option");
    expect(() => checkpoint(5 as never)).toThrow(OptionError);
  });

  it("say what fitSync cannot do", () => {
    expect(() => xorTrainer().fitSync(xor, { onEpoch: checkpoint(folder) as never })).toThrow(
      "fit awaits it",
    );
  });

  it("leave nothing half written for longer than a write may take", async () => {
    await xorTrainer().fit(xor, { epochs: 1, onEpoch: checkpoint(folder) });
    const [young, old] = [
      ".checkpoint-000009-step-1.safetensors.1-0.tmp",
      ".checkpoint-000009-step-1.safetensors.2-0.tmp",
    ];
    for (const name of [young, old]) writeFileSync(join(folder, name), "half");
    const hourAgo = Date.now() / 1000 - 3600;
    utimesSync(join(folder, old), hourAgo, hourAgo);
    await xorTrainer().fit(xor, { epochs: 1, onEpoch: checkpoint(folder) });
    expect(readdirSync(folder)).toContain(young);
    expect(readdirSync(folder)).not.toContain(old);
  });
});

describe("the latest checkpoint", () => {
  it("is the newest whole one: damaged, cut and empty files are passed over", async () => {
    expect(await latestCheckpoint(folder)).toBeUndefined();
    await xorTrainer().fit(xor, { epochs: 5, onEpoch: checkpoint(folder, { keep: 5 }) });
    const names = readdirSync(folder).sort();
    const paths = names.map((name) => join(folder, name));
    writeFileSync(paths[4], readFileSync(paths[4]).subarray(0, -1));
    const bytes = readFileSync(paths[3]);
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(paths[3], bytes);
    writeFileSync(paths[2], "");
    writeFileSync(join(folder, "checkpoint-000099-step-9.txt"), "");
    expect(await latestCheckpoint(folder)).toBe(paths[1]);
    for (const path of paths) writeFileSync(path, "x");
    expect(await latestCheckpoint(folder)).toBeUndefined();
  });
});

/** How often the training below is killed: more with `KILLS=50 npx vitest run test/node/checkpoint.test.ts`. */
const KILLS = Number(process.env.KILLS ?? 4);

it.each(["plain", "stopping"])(
  "a training that is killed again and again ends as one that never was: %s",
  async (kind) => {
    const script = new URL("killed.mjs", import.meta.url).pathname;
    const run = (target: string, afterMs: number) =>
      new Promise<string>((resolve, reject) => {
        const child = spawn(process.execPath, [script, target, kind], {
          stdio: ["ignore", "pipe", "inherit"],
        });
        let printed = "";
        let timer: NodeJS.Timeout | undefined;
        child.stdout.on("data", (text) => {
          // The clock runs from the start of training.
          timer ??= setTimeout(() => child.kill("SIGKILL"), Math.min(afterMs, 2 ** 31 - 1));
          printed += text;
        });
        child.on("error", reject);
        child.on("close", () => {
          clearTimeout(timer);
          resolve(printed);
        });
      });
    const end = /digest ([0-9a-f]{64})/;
    const whole = end.exec(await run(join(folder, "whole"), Number.POSITIVE_INFINITY))?.[1];
    expect(whole).toBeDefined();
    let last = -1;
    let target = join(folder, "killed");
    let kills = 0;
    for (let kill = 0; kills < KILLS; kill++) {
      const printed = await run(target, Math.random() * 120);
      if (end.test(printed)) {
        // The training was over before it was killed: the next one starts anew.
        expect(end.exec(printed)?.[1]).toBe(whole);
        target = join(folder, `killed-${kill}`);
        last = -1;
        continue;
      }
      kills++;
      const [, from] = /from (\d+)/.exec(printed) as RegExpExecArray;
      expect(Number(from)).toBeGreaterThanOrEqual(last);
      last = Number(from);
    }
    expect(end.exec(await run(target, Number.POSITIVE_INFINITY))?.[1]).toBe(whole);
  },
  30_000 + KILLS * 3000,
);
