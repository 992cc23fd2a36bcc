/** Files in Node: at every moment the old one or the new one, whole. */
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { open, rename, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import * as wasmgrad from "../../src/index.ts";
import {
  adam,
  compile,
  dense,
  FileError,
  focal,
  groupNorm,
  OptionError,
  prelu,
  rmsNorm,
  sequential,
} from "../../src/index.ts";
import { type FileSystem, writeWhole } from "../../src/node/file-system.ts";
import { loadFile, loadTrainerFile, saveFile } from "../../src/node/index.ts";
import { NETWORKS } from "../files/networks.ts";
import { xor, xorTrainer } from "../fixtures.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "wasmgrad-files-")));
let count = 0;
const freshFolder = () => {
  const folder = join(root, `${count++}`);
  mkdirSync(folder);
  return folder;
};
afterAll(() => rmSync(root, { recursive: true, force: true }));

const errorOf = async (promise: Promise<unknown>): Promise<FileError> => {
  const error = await promise.then(
    () => undefined,
    (e) => e,
  );
  expect(error).toBeInstanceOf(FileError);
  return error;
};

describe("a file", () => {
  it.each(Object.entries(NETWORKS))(
    "holds a trainer and gives it back, with every op at hand: %s",
    async (_, { make, data }) => {
      const path = join(freshFolder(), "model.safetensors");
      const trainer = make();
      trainer.fitSync(data, { epochs: 2 });
      await saveFile(path, trainer, { training: true });
      expect((await loadFile(path)).predict(data.x)).toEqual(trainer.predict(data.x));
      const again = await loadTrainerFile(path);
      for (const one of [trainer, again]) one.fitSync(data, { epochs: 2 });
      expect(again.digest({ training: true })).toBe(trainer.digest({ training: true }));
      expect(readdirSync(join(path, ".."))).toEqual(["model.safetensors"]);
    },
  );

  it("is named by a text or a URL, and written from bytes too", async () => {
    const folder = freshFolder();
    const trainer = xorTrainer();
    await saveFile(pathToFileURL(join(folder, "a b.safetensors")), trainer);
    const bytes = new Uint8Array(readFileSync(join(folder, "a b.safetensors")));
    expect(bytes).toEqual(trainer.save());
    await saveFile(join(folder, "again"), bytes);
    expect((await loadFile(pathToFileURL(join(folder, "again")))).digest()).toBe(trainer.digest());
    await expect(loadFile(5 as never)).rejects.toThrow(OptionError);
    await expect(loadFile("")).rejects.toThrow(OptionError);
    await expect(saveFile(join(folder, "x"), {} as never)).rejects.toThrow(FileError);
  });

  it("has the content of the call, whatever is trained meanwhile", async () => {
    const path = join(freshFolder(), "a");
    const trainer = xorTrainer();
    const digest = trainer.digest();
    const written = saveFile(path, trainer);
    trainer.fitSync(xor, { epochs: 5 });
    await written;
    expect((await loadFile(path)).digest()).toBe(digest);
  });

  it("replaces what a link leads to, and leaves the link", async () => {
    const folder = freshFolder();
    writeFileSync(join(folder, "old"), "x");
    symlinkSync(join(folder, "old"), join(folder, "link"));
    await saveFile(join(folder, "link"), xorTrainer());
    expect(realpathSync(join(folder, "link"))).toBe(join(folder, "old"));
    expect(readFileSync(join(folder, "old")).length).toBeGreaterThan(1000);
  });

  it("that is not there is a typed error with path and cause", async () => {
    const path = join(freshFolder(), "none");
    const error = await errorOf(loadFile(path));
    expect(error.code).toBe("file-system");
    expect(error.path).toBe(path);
    expect(error.cause.systemCode).toBe("ENOENT");
    expect((error.cause.cause as NodeJS.ErrnoException).code).toBe("ENOENT");
    expect((await errorOf(loadTrainerFile(path))).message).toContain(
      "loadTrainerFile: a file must be readable",
    );
  });

  it("that is a folder, or a device without an end, is refused", async () => {
    expect((await errorOf(loadFile(root))).code).toBe("file-system");
    if (existsSync("/dev/zero")) expect((await errorOf(loadFile("/dev/zero"))).message).toContain("a device");
  });

  it("whose content was changed says which file it is", async () => {
    const path = join(freshFolder(), "a");
    await saveFile(path, xorTrainer());
    const bytes = readFileSync(path);
    bytes[bytes.length - 2] ^= 4;
    writeFileSync(path, bytes);
    const error = await errorOf(loadFile(path));
    expect(error.message).toBe(
      `loadFile: ${path}: the content of a file must have the digest that it was saved with; got another one: damaged, or edited`,
    );
    expect(error.code).toBe("file-digest");
    expect(error.path).toBe(path);
  });
});

describe("a write that fails", () => {
  const old = xorTrainer(1);
  const bytes = xorTrainer(2).save();
  /** What each call of the file system may do: fail, as the kernel lets it fail. */
  const failing = (at: string, code: string): FileSystem => {
    const fail = () => Promise.reject(Object.assign(new Error(`${code}: injected`), { code }));
    return {
      open: (async (path: string, flags: string) => {
        if (at === "open" && flags === "wx") return fail();
        const handle = await open(path, flags);
        const isFolder = flags === "r";
        return {
          writeFile: async (data: Uint8Array) => {
            // Part of it reaches the disk first.
            await handle.write(data.subarray(0, 100));
            return at === "write" ? fail() : handle.write(data.subarray(100));
          },
          sync: () => (at === (isFolder ? "sync folder" : "sync") ? fail() : handle.sync()),
          close: async () => {
            await handle.close();
            return at === "close" && !isFolder ? fail() : undefined;
          },
        };
      }) as never,
      rename: at === "rename" ? fail : rename,
      unlink,
    };
  };

  it.each([
    ["open", "EACCES"],
    ["write", "ENOSPC"],
    ["sync", "EIO"],
    ["close", "EDQUOT"],
    ["rename", "EXDEV"],
  ])("at %s, with %s, leaves the old file and nothing else", async (at, code) => {
    const folder = freshFolder();
    const path = join(folder, "model.safetensors");
    await saveFile(path, old);
    const error = await errorOf(writeWhole("saveFile", path, bytes, failing(at, code)));
    expect(error.code).toBe("file-system");
    expect(error.cause.systemCode).toBe(code);
    expect(error.message).toBe(`saveFile: a file must be writable; got ${code}: injected`);
    expect((await loadFile(path)).digest()).toBe(old.digest());
    expect(readdirSync(folder)).toEqual(["model.safetensors"]);
  });

  it("when the new name is made last says so, with the new file in place", async () => {
    const path = join(freshFolder(), "a");
    await saveFile(path, old);
    expect((await errorOf(writeWhole("saveFile", path, bytes, failing("sync folder", "EIO")))).code).toBe(
      "file-system",
    );
    expect(new Uint8Array(readFileSync(path))).toEqual(bytes);
  });

  it("is none where a file system syncs no folders", async () => {
    const path = join(freshFolder(), "a");
    await writeWhole("saveFile", path, bytes, failing("sync folder", "EINVAL"));
    expect(new Uint8Array(readFileSync(path))).toEqual(bytes);
  });

  it("in a folder that is not there", async () => {
    const error = await errorOf(saveFile(join(root, "no", "such", "file"), old));
    expect(error.cause.systemCode).toBe("ENOENT");
  });

  it.skipIf(process.getuid?.() === 0)("in a folder that is read-only", async () => {
    const folder = freshFolder();
    const path = join(folder, "a");
    await saveFile(path, old);
    chmodSync(folder, 0o555);
    const error = await errorOf(saveFile(path, xorTrainer(2)));
    chmodSync(folder, 0o755);
    expect(error.cause.systemCode).toBe("EACCES");
    expect((await loadFile(path)).digest()).toBe(old.digest());
  });

  const mounted = (options: string): string | undefined => {
    const folder = freshFolder();
    return spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder]).status === 0
      ? folder
      : undefined;
  };
  const disk = process.getuid?.() === 0 ? mounted("size=64k") : undefined;
  afterAll(() => {
    if (disk) execFileSync("umount", [disk]);
  });

  it.skipIf(!disk)("on a disk that is full, a mounted one", async () => {
    const path = join(disk as string, "a");
    await saveFile(path, old);
    const error = await errorOf(saveFile(path, new Uint8Array(200_000)));
    expect(error.cause.systemCode).toBe("ENOSPC");
    expect((await loadFile(path)).digest()).toBe(old.digest());
    expect(readdirSync(disk as string)).toEqual(["a"]);
  });

  it.skipIf(!disk)("on a disk that is read-only, a mounted one", async () => {
    const path = join(disk as string, "b");
    await saveFile(path, old);
    execFileSync("mount", ["-o", "remount,ro", disk as string]);
    const error = await errorOf(saveFile(path, xorTrainer(2)));
    execFileSync("mount", ["-o", "remount,rw", disk as string]);
    expect(error.cause.systemCode).toBe("EROFS");
    expect((await loadFile(path)).digest()).toBe(old.digest());
  });
});

describe("a file that is replaced while it is read", () => {
  it("gives the old one or the new one, hundreds of times", async () => {
    const folder = freshFolder();
    const path = join(folder, "a");
    const trainers = [xorTrainer(1), xorTrainer(2)];
    const digests = trainers.map((trainer) => trainer.digest());
    await saveFile(path, trainers[0]);
    let over = false;
    const writing = (async () => {
      for (let i = 0; i < 200; i++) await saveFile(path, trainers[i % 2]);
      over = true;
    })();
    const seen = new Set<string>();
    while (!over) seen.add((await loadFile(path)).digest());
    await writing;
    for (const digest of seen) expect(digests).toContain(digest);
    expect(seen.size).toBe(2);
  });

  it("in place, as other programs write, is refused or whole", async () => {
    const folder = freshFolder();
    const path = join(folder, "a");
    const files = [xorTrainer(1).save(), xorTrainer(2).save({ training: true })];
    const digests = [xorTrainer(1), xorTrainer(2)].map((trainer) => trainer.digest());
    const { length } = files[0];
    for (let cut = 0; cut < length; cut += 97) {
      writeFileSync(path, Buffer.concat([files[1].subarray(0, cut), files[0].subarray(cut)]));
      const outcome = await loadFile(path).then(
        (predictor) => predictor.digest(),
        (error) => error,
      );
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(FileError);
      else expect(digests).toContain(outcome);
    }
    renameSync(path, `${path}.moved`);
    expect((await errorOf(loadFile(path))).code).toBe("file-system");
  });
});

describe("what a file names", () => {
  it("is at hand: losses and layers that pages bring along", async () => {
    const path = join(freshFolder(), "focal.safetensors");
    const layers = [rmsNorm(), groupNorm(2), prelu(), dense(1, { activation: "sigmoid" })] as const;
    const trainer = compile(sequential({ input: [4] }, layers), { loss: focal(), optimizer: adam() });
    await saveFile(path, trainer, { training: true });
    const loaded = await loadTrainerFile(path);
    expect(loaded.digest({ training: true })).toBe(trainer.digest({ training: true }));
  });

  it("is at hand: functions of tensors, optimizers and schedules", async () => {
    const path = join(freshFolder(), "schedule.safetensors");
    const net = wasmgrad.model({ inputs: { x: [2] } }, ({ x }) => dense(1)(wasmgrad.concat([x, x.sin()])));
    const learningRate = wasmgrad.cosineDecay({ initial: 0.1, steps: 100 });
    const optimizer = wasmgrad.rmsprop({ learningRate });
    const trainer = compile(net, { loss: wasmgrad.quantile(), optimizer });
    const x = [
      [1, 2],
      [3, 4],
    ];
    trainer.fitSync({ x: { x }, y: [1, 2] }, { epochs: 5 });
    await saveFile(path, trainer, { training: true });
    const loaded = await loadTrainerFile(path);
    expect(loaded.digest({ training: true })).toBe(trainer.digest({ training: true }));
    expect(loaded.learningRate).toBe(trainer.learningRate);
  });
});
