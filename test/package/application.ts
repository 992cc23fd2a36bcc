/** Applications of frameworks, built with the packed package and started, as their users do. */
import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { gzipSync } from "node:zlib";
import { BROWSERS, find, serve, visit } from "../browser/browsers.mjs";
import { projectWithPackage } from "./tarball.ts";

/** The digest of the parameters that XOR is trained to everywhere. */
export const XOR_DIGEST: string = JSON.parse(
  readFileSync(new URL("../determinism/digests.json", import.meta.url), "utf8"),
)["xor to loss 0.01"];

const [chromium] = BROWSERS;
const program = find(chromium);
export const hasBrowser = program !== undefined;

/** A port that nobody uses. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

export interface Application {
  readonly url: string;
  end(): void;
}

/**
 * Builds the project of this name with Node and starts it.
 *
 * @param build  arguments of Node, in the project's folder; none for what needs no build
 * @param start  the program and its arguments, for a port
 */
export async function startApplication(
  name: string,
  build: readonly string[] | undefined,
  start: (port: number) => readonly [program: string, ...args: string[]],
): Promise<Application> {
  const cwd = projectWithPackage(name);
  if (build)
    execFileSync(process.execPath, build, {
      cwd,
      env: environment(),
      stdio: ["ignore", "ignore", "inherit"],
    });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const [command, ...args] = start(port);
  const env = { ...environment(), PORT: String(port), HOST: "127.0.0.1" };
  const server = spawn(command, args, { cwd, env, stdio: ["ignore", "ignore", "inherit"], detached: true });
  const end = () => {
    if (server.exitCode === null) process.kill(-server.pid!, "SIGKILL");
  };
  for (let tries = 0; ; tries++) {
    if (server.exitCode !== null) throw new Error(`${name}: ended with status ${server.exitCode}`);
    const answer = await fetch(url).catch(() => undefined);
    if (answer) return { url, end };
    if (tries === 600) {
      end();
      throw new Error(`${name}: no answer in a minute`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Not that of the tests: frameworks build otherwise where NODE_ENV is "test". */
function environment(): NodeJS.ProcessEnv {
  const { NODE_ENV: _, VITEST: __, ...env } = process.env;
  return { ...env, NEXT_TELEMETRY_DISABLED: "1", WRANGLER_SEND_METRICS: "false" };
}

/** What a page that is given an address in its query posts there, in Chromium. */
export async function postedBy(url: string): Promise<unknown> {
  const server = await serve({});
  try {
    const page = `?report=${encodeURIComponent(`${server.url}/report`)}`;
    return await visit(chromium, program!, { url, report: server.report }, page, 60);
  } finally {
    server.close();
  }
}

/** Bytes after gzip of the scripts that one page loads and another does not. */
export async function bytesBeside(page: string, empty: string): Promise<number> {
  const [scripts, others] = await Promise.all([page, empty].map(scriptsOf));
  const own = [...scripts].filter((url) => !others.has(url));
  const texts = await Promise.all(own.map((url) => fetch(url).then((answer) => answer.text())));
  return texts.reduce((bytes, text) => bytes + gzipSync(text, { level: 9 }).length, 0);
}

/** Named in a page or in the headers it comes with. */
async function scriptsOf(page: string): Promise<Set<string>> {
  const answer = await fetch(page);
  const text = `${answer.headers.get("link")} ${await answer.text()}`;
  return new Set(
    Array.from(text.matchAll(/["'<]([^"'<>\s]+\.js)["'\\>]/g), ([, path]) => new URL(path, page).href),
  );
}
