/** Programs that end with all they started, and folders: after their work, when it takes too long, and when this process ends. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** How much of what a program says is kept, from the end. */
const KEPT = 4000;

/** What Chromium says wherever there is no desktop. */
const NOISE = /^.*\bdbus\/.*\n?/gm;

const running = new Set();
const folders = new Set();
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };
let watches = false;

/** Programs run in groups of their own, so what ends this process would leave them running. */
function endWithThisProcess() {
  if (watches) return;
  watches = true;
  process.once("exit", () => {
    for (const child of running) end(child);
    for (const folder of folders) removeFolder(folder);
  });
  for (const [signal, number] of Object.entries(SIGNALS))
    process.once(signal, () => process.exit(128 + number));
}

/** A new folder, for `removeFolder` to remove. */
export function makeFolder() {
  endWithThisProcess();
  const folder = mkdtempSync(join(tmpdir(), "wasmgrad-browser-"));
  folders.add(folder);
  return folder;
}

/** Programs may still write into it while they end. */
export function removeFolder(folder) {
  folders.delete(folder);
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

/**
 * Starts a program as the leader of a group.
 *
 * @param options of `spawn`; `env` comes on top of this process's
 * @returns the child; `said()` is the end of what it printed to stdout and stderr
 */
export function start(program, args, { env, stdio = ["ignore", "pipe", "pipe"], ...options } = {}) {
  endWithThisProcess();
  const child = spawn(program, args, {
    ...options,
    env: { ...process.env, ...env },
    stdio,
    detached: true,
  });
  running.add(child);
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (data) => {
      text = `${text}${data}`.slice(-KEPT);
    });
  return Object.assign(child, { said: () => text.replace(NOISE, "").trim() });
}

/** Ends a program that `start` started, and what it started. */
export function end(child) {
  running.delete(child);
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/**
 * Runs a program to its end, but for `seconds` at most.
 *
 * @returns its status (null when it was ended), what it printed, and an error that names what went wrong
 */
export async function run(program, args, { seconds, ...options }) {
  const child = start(program, args, options);
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  let timer;
  const error = await new Promise((resolve) => {
    child.once("error", (error) => resolve(String(error)));
    child.once("close", (status, signal) => resolve(status === 0 ? undefined : `status ${status ?? signal}`));
    timer = setTimeout(() => resolve(`no end in ${seconds} s`), seconds * 1000);
  });
  clearTimeout(timer);
  end(child);
  const told = error && `${[program, ...args].join(" ")}: ${error}\n${child.said()}`.trim();
  return { status: child.exitCode, stdout, error: told };
}
