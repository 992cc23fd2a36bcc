/** What the suite makes of runtimes: none counts as passed that did not run, and none whose digests differ. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { count, type Report, type Runtime, runAllIn, tableOf, type Way, writeTable } from "./suite.mjs";

const expected = { a: "11", b: "22", c: "33" };
const report = { version: "1.2", engine: "E", threads: 1, digests: expected };

const runtime = (name: string, given: Report, way: Partial<Way> = {}): Runtime => ({
  name,
  find: async () => ({ ways: [{ threads: 1, run: async () => given, ...way }] }),
});

async function resultsOf(...runtimes: Runtime[]) {
  const lines: string[] = [];
  const results = await runAllIn(runtimes, expected, (line) => lines.push(line));
  return { ...count(results), lines: lines.join("\n"), table: tableOf(results, "2026-01-02") };
}

describe("the determinism suite", () => {
  it("counts the digests that are equal", async () => {
    const { passed, failed, lines } = await resultsOf(runtime("R", report));
    expect([passed, failed]).toEqual([3, 0]);
    expect(lines).toMatch(/^R 1\.2 \(E\), 1 thread: 3 of 3, \d+ s$/);
  });

  it("fails by a flipped digest, and names it", async () => {
    const { passed, failed, lines, table } = await resultsOf(
      runtime("R", { ...report, digests: { ...expected, b: "23" } }),
    );
    expect([passed, failed]).toEqual([2, 1]);
    expect(lines).toContain("FAILED b: 23, not 22");
    expect(table).toContain("| 2 of 3 |");
  });

  it("fails by a digest that is missing, and by one that nobody recorded", async () => {
    const { c: _, ...rest } = expected;
    const { passed, failed, lines } = await resultsOf(
      runtime("R", { ...report, digests: { ...rest, d: "44" } }),
    );
    expect([passed, failed]).toEqual([2, 2]);
    expect(lines).toContain("FAILED c: no digest, not 33");
    expect(lines).toContain("FAILED d has no digest to compare with");
  });

  it("lists a runtime that is not there as not run", async () => {
    const { passed, failed, lines, table } = await resultsOf({
      name: "R",
      find: async () => ({ missing: "apt-get install r" }),
    });
    expect([passed, failed]).toEqual([0, 0]);
    expect(lines).toBe("R: not run: apt-get install r");
    expect(table).toContain("| R |  |  |  |  | not run: apt-get install r |  |");
  });

  it("fails by a runtime that ends with an error, and tells it", async () => {
    const broken = runtime("R", report, { run: () => Promise.reject(new Error("no end in 1 s")) });
    for (const given of [broken, runtime("R", { error: "no end in 1 s" })]) {
      const { passed, failed, lines, table } = await resultsOf(given);
      expect([passed, failed]).toEqual([0, 1]);
      expect(lines).toContain("FAILED ");
      expect(lines).toContain("no end in 1 s");
      expect(table).toContain("| 0 of 3 |");
    }
  });

  it("fails by fewer threads than asked for, though the digests are equal", async () => {
    const { failed, lines, table } = await resultsOf(
      runtime("R", { ...report, why: "not isolated" }, { threads: 3 }),
    );
    expect(failed).toBe(1);
    expect(lines).toContain("FAILED ran on 1 threads, not on 3: not isolated");
    expect(table).toContain("| FAILED |");
  });

  it("has a row for what is alike", async () => {
    const wayOf = (threads: number, how = "", digests = expected): Way => ({
      threads,
      how,
      run: async () => ({ ...report, threads, digests }),
    });
    const find = async () => ({
      ways: [
        wayOf(1),
        wayOf(3),
        wayOf(1, "slowly"),
        wayOf(1, "fast"),
        wayOf(1, "badly", { ...expected, c: "" }),
      ],
    });
    const { table } = await resultsOf({ name: "R", find });
    expect(table.split("\n").slice(2)).toEqual([
      "| R | 1.2 | E | as it starts | 1, 3 | 3 of 3 | 2026-01-02 |",
      "| R | 1.2 | E | slowly; fast | 1 | 3 of 3 | 2026-01-02 |",
      "| R | 1.2 | E | badly | 1 | 2 of 3 | 2026-01-02 |",
    ]);
  });

  it("writes its table between the marks of docs/determinism.md", async () => {
    const page = readFileSync(new URL("../../docs/determinism.md", import.meta.url), "utf8");
    const results = await runAllIn([runtime("R", report)], expected);
    const written = writeTable(page, results, "2026-01-02");
    expect(written).toContain(`\n${tableOf(results, "2026-01-02")}\n`);
    expect(writeTable(written, results, "2026-01-02")).toBe(written);
    expect(() => writeTable("# Page", results, "2026-01-02")).toThrow("the page must have the lines");
  });
});

describe("npm run test:determinism", () => {
  const folder = mkdtempSync(join(tmpdir(), "wasmgrad-suite-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const run = (args: string[], env: Record<string, string>) =>
    spawnSync(process.execPath, [fileURLToPath(new URL("run.mjs", import.meta.url)), ...args], {
      encoding: "utf8",
      env: { ...process.env, ...env },
    });

  it("names what is not there and what brings it, and fails when nothing ran", () => {
    const { status, stdout } = run(["chromium", "shell", "arm64"], {
      CHROMIUM: "none",
      JSC: "none",
      QEMU_ARM64: "none",
    });
    expect(stdout).toContain("Chromium: not run: apt-get install chromium\n");
    expect(stdout).toContain(
      "JavaScriptCore's shell: not run: apt-get install libjavascriptcoregtk-4.0-bin\n",
    );
    if (process.platform === "linux" && process.arch === "x64")
      expect(stdout).toContain("arm64 emulated: not run: apt-get install qemu-user-static");
    expect(stdout).toMatch(/\n0 passed, 0 failed\n$/);
    expect(status).toBe(1);
  });

  it.skipIf(process.platform === "win32")("fails by a browser that ends, with what that printed", () => {
    const program = join(folder, "browser");
    writeFileSync(program, "#!/bin/sh\necho no display >&2\nexit 3\n");
    chmodSync(program, 0o755);
    const { status, stdout } = run(["chromium"], { CHROMIUM: program });
    expect(stdout).toContain("FAILED Error: Chromium ended with status 3\nno display\n");
    expect(stdout).toMatch(/\n0 passed, [1-9] failed\n$/);
    expect(status).toBe(1);
  });
});
