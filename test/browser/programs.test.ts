/** Programs end with what they started, and say what they printed. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { BROWSERS, serve, visit } from "./browsers.mjs";
import { run } from "./programs.mjs";

const folder = mkdtempSync(join(tmpdir(), "wasmgrad-programs-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A program that starts another one, names it in a file, and ends by itself only after minutes. */
const HANGS = "echo is up; sleep 300 & echo $! > child; wait";

/** Not for what has ended, though nobody asked for its status yet. */
function isRunning(pid: string): boolean {
  const status = `/proc/${pid}/status`;
  return existsSync(status) && !/^State:\s+[ZX]/m.test(readFileSync(status, "utf8"));
}

async function isOver(pid: string): Promise<boolean> {
  for (let tries = 0; tries < 500 && isRunning(pid); tries++)
    await new Promise((resolve) => setTimeout(resolve, 10));
  return !isRunning(pid);
}

describe.skipIf(process.platform !== "linux")("a program that does not end", () => {
  it("is ended with what it started, and its output is told", async () => {
    const { error } = await run("sh", ["-c", `cd ${folder}; ${HANGS}`], { seconds: 1 });
    expect(error).toMatch(/^sh -c .*: no end in 1 s\nis up$/);
    expect(await isOver(readFileSync(join(folder, "child"), "utf8").trim())).toBe(true);
  });

  it("is an error of a visit, if it is a browser", async () => {
    const program = join(folder, "browser");
    writeFileSync(program, `#!/bin/sh\ncd ${folder}; ${HANGS}\n`);
    chmodSync(program, 0o755);
    const server = await serve({});
    const visited = visit(BROWSERS[0], program, server, "/", 1);
    await expect(visited).rejects.toThrow("Chromium gave no result in 1 s\nis up");
    server.close();
    expect(await isOver(readFileSync(join(folder, "child"), "utf8").trim())).toBe(true);
  });
});

describe("a program that fails", () => {
  it("is told with its status and output", async () => {
    const script = "console.log(1); console.error('no display'); process.exitCode = 3;";
    const { status, stdout, error } = await run(process.execPath, ["-e", script], { seconds: 60 });
    expect([status, stdout]).toEqual([3, "1\n"]);
    expect(error).toMatch(/: status 3\n/);
    expect(error).toContain("no display");
  });

  it("is told when it is not there", async () => {
    const { error } = await run(join(folder, "none"), [], { seconds: 60 });
    expect(error).toMatch(/none: Error: spawn .* ENOENT/);
  });
});
