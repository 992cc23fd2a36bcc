/** How the command ends: what is said on stderr, and the status. */
import { errorCode } from "../index.ts";

/** Statuses of the process; docs/cli.md lists them. */
export const STATUS = {
  done: 0,
  /** Data, a model file or the disk: not as they must be. */
  data: 1,
  /** Arguments: unknown, missing or out of range. */
  usage: 2,
  /** `bench`: other bits than shipped. `xor`: not below 0.01. */
  different: 3,
  /** A defect of the package. */
  defect: 4,
  /** Ctrl-C; what was best until then is in the file. */
  interrupted: 130,
} as const;

/** Something that the user of the command can put right. */
export class Failure extends Error {
  constructor(
    message: string,
    readonly status: number = STATUS.data,
  ) {
    super(message);
  }
}

/** A failure of the arguments. */
export const misuse = (message: string) => new Failure(message, STATUS.usage);

/** What stderr says of an error, and the status of the process: never a stack, unless `WASMGRAD_STACK` asks for it. */
export function report(error: unknown): { readonly text: string; readonly status: number } {
  const { message, stack } = error as Error;
  const trace = process.env.WASMGRAD_STACK ? `\n${stack}` : "";
  if (error instanceof Failure) return { text: `error: ${message}${trace}`, status: error.status };
  const code = errorCode(error);
  if (code !== undefined)
    return {
      text: `error: ${withPath(asFlags(message.replace(CALLS, "")), error as Error)}${trace}`,
      status: code.startsWith("option") ? STATUS.usage : STATUS.data,
    };
  const { code: system, path } = error as NodeJS.ErrnoException;
  if (typeof system === "string" && /^E[A-Z]+$/.test(system))
    return { text: `error: ${path ?? "file"}: ${SYSTEM[system] ?? system}${trace}`, status: STATUS.data };
  return {
    text: `error: a defect of wasmgrad, please report it: ${message ?? error}${trace}`,
    status: STATUS.defect,
  };
}

/** An option of `trainTable` in a text as the flag that sets it. */
export const asFlags = (text: string): string =>
  text.replaceAll(
    /kinds: \{ ("(?:[^"\\]|\\.)*"): "(\w+)" \}/g,
    (_, name, kind) => `--kind ${JSON.parse(name)}=${kind}`,
  );

/** A message with the path that its error is about. */
function withPath(message: string, { cause }: Error): string {
  const { path } = Object(cause) as { readonly path?: unknown };
  return typeof path === "string" && !message.includes(path) ? `${path}: ${message}` : message;
}

/** Which function of the package an error is of says nothing to whoever typed a command. */
export const CALLS =
  /^(?:(?:columns|evaluate|fit|load\w*|of|predict|read\w+|saveFile|split|streamCsv|trainTable): )+/;

/** Errors of the system in words. */
const SYSTEM: Readonly<Record<string, string>> = {
  ENOENT: "must exist; there is no such file",
  EACCES: "must be readable and writable; access is denied",
  EPERM: "must be readable and writable; the operation is not permitted",
  EISDIR: "must be a file; it is a folder",
  ENOTDIR: "must be in a folder; a part of the path is a file",
  ENOSPC: "cannot be written; the disk is full",
  EROFS: "cannot be written; the disk is read-only",
  EMFILE: "cannot be opened; too many files are open",
};
