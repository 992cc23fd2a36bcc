/** Whole files: written so that at every moment the old one or the new one stands there, and read from one of them. */
import { mkdir, open, readdir, realpath, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe } from "../describe.ts";
import { FileError, OptionError } from "../errors.ts";

/** The calls of the file system that writing takes; tests let them fail. */
export interface FileSystem {
  readonly open: typeof open;
  readonly rename: typeof rename;
  readonly unlink: typeof unlink;
}

const FILE_SYSTEM: FileSystem = { open, rename, unlink };

/** What programs have no room for is no file of theirs. */
const MOST_BYTES = 2 * 0x1_0000_0000;

/** @throws OptionError for what names no file */
export function pathOf(who: string, path: string | URL): string {
  if (typeof path === "string" && path !== "") return path;
  if (path instanceof URL && path.protocol === "file:") return fileURLToPath(path);
  throw new OptionError(`${who}: path must be a text or a file: URL; got ${describe(path)}`);
}

/** The error of this package for one of the file system. */
export function refusal(who: string, rule: string, path: string, error: unknown): FileError {
  const { code, message } = error as { code?: unknown; message?: unknown };
  const got = typeof message === "string" ? message : `${error}`;
  return new FileError(`${who}: ${rule}; got ${got}`, "system", { path, systemCode: code, cause: error });
}

export const isMissing = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === "ENOENT";

/** Names of files under way: hidden, beside what they will be. */
const TEMPORARY = /^\..+\.\d+-\d+\.tmp$/;
let written = 0;

/**
 * Writes a whole file: into a new one beside it, which reaches the disk before it takes the name, as does the name. A crash, a
 * kill or a full disk leaves the old file.
 *
 * @throws FileError where the file system refuses
 */
export async function writeWhole(
  who: string,
  given: string,
  bytes: Uint8Array,
  { open, rename, unlink }: FileSystem = FILE_SYSTEM,
): Promise<void> {
  // A link stays one: what it leads to is replaced.
  const path = await realpath(given).catch(() => given);
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${process.pid}-${written++}.tmp`);
  let handle: Awaited<ReturnType<typeof open>> | undefined;
  try {
    handle = await open(temporary, "wx");
    await handle.writeFile(bytes);
    await handle.sync();
    await handle.close();
    handle = undefined;
    await rename(temporary, path);
    await syncFolder(folder, open);
  } catch (error) {
    await handle?.close().catch(() => {});
    await unlink(temporary).catch(() => {});
    throw refusal(who, "a file must be writable", path, error);
  }
}

/** Makes a new name last: folders are synced as files are. */
async function syncFolder(folder: string, openFile: FileSystem["open"]): Promise<void> {
  // Windows opens no folders, and keeps names by itself.
  if (process.platform === "win32") return;
  const handle = await openFile(folder, "r");
  try {
    await handle.sync();
  } catch (error) {
    // Some file systems sync no folders.
    if (!/^(EINVAL|ENOTSUP|ENOSYS)$/.test(`${(error as { code?: unknown }).code}`)) throw error;
  } finally {
    await handle.close();
  }
}

/**
 * The bytes of one file, from one moment: a file that takes its name meanwhile is another one.
 *
 * @throws FileError where there is none, or the file system refuses
 */
export async function readWhole(who: string, path: string): Promise<Uint8Array> {
  try {
    const handle = await open(path, "r");
    try {
      const { size, isFile } = await handle
        .stat()
        .then((stats) => ({ size: stats.size, isFile: stats.isFile() }));
      if (!isFile) throw new Error("a folder, or a device");
      if (size > MOST_BYTES) throw new Error(`${size} bytes, more than any program holds`);
      const bytes = new Uint8Array(size);
      let end = 0;
      while (end < size) {
        const { bytesRead } = await handle.read(bytes, end, size - end, end);
        if (bytesRead === 0) break;
        end += bytesRead;
      }
      return bytes.subarray(0, end);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw refusal(who, "a file must be readable", path, error);
  }
}

/** Names in a folder; none where there is no folder. */
export async function namesIn(who: string, folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw refusal(who, "a folder must be readable", folder, error);
  }
}

export async function makeFolder(who: string, folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw refusal(who, "a folder must be writable", folder, error);
  }
}

/** A file that is gone already is as good as one that is removed. */
export async function remove(who: string, path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isMissing(error)) throw refusal(who, "a file must be removable", path, error);
  }
}

/** A write that is alive has touched its file since. */
const LEFT_OVER_MS = 600_000;

/** Removes what killed programs left half written. */
export async function removeLeftOvers(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    if (!TEMPORARY.test(name)) continue;
    const path = join(folder, name);
    const age = await stat(path).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > LEFT_OVER_MS) await unlink(path).catch(() => {});
  }
}
