/**
 * The packed package in Bun, Deno and workerd, and the example of a service at the edge. One file: both npm's runtimes and
 * the project of workerd are installed where they are first asked for.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { adam, compile, crossEntropy, dense, sequential } from "../../../src/index.ts";
import { fromNpm } from "../../determinism/runtimes/install.mjs";
import { type Application, startApplication, XOR_DIGEST } from "../application.ts";
import { installInto, tarball } from "../tarball.ts";

interface Runtime {
  readonly name: string;
  /** Its program, in the package that npm brings. */
  readonly file: string;
  install(folder: string, run: (...args: string[]) => string): void;
  /** Arguments that run a file, and the command of the package. */
  readonly program: readonly string[];
  readonly command: readonly string[];
}

const RUNTIMES: readonly Runtime[] = [
  {
    name: "Bun",
    file: "bin/bun",
    install(folder, run) {
      writeFileSync(join(folder, "package.json"), '{ "private": true }');
      run("add", tarball());
    },
    program: ["run"],
    command: ["--bun", "run", "wasmgrad"],
  },
  {
    name: "Deno",
    file: "deno",
    install(folder) {
      writeFileSync(join(folder, "package.json"), '{ "private": true, "dependencies": { "wasmgrad": "*" } }');
      installInto(folder);
    },
    // The files of the program and its worker; training alone needs no permission.
    program: ["run", "--no-prompt", "--allow-read", "--allow-write"],
    command: ["run", "--no-prompt", "--allow-read", "--allow-write", "--allow-env", "npm:wasmgrad"],
  },
];

describe.each(RUNTIMES)("in $name", ({ name, file, install, program, command }) => {
  const { program: path, missing } = fromNpm(name.toLowerCase(), file);
  const folder = mkdtempSync(join(tmpdir(), "wasmgrad-runtime-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const run = (...args: string[]) =>
    execFileSync(path!, args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });

  it.skipIf(missing)(
    `the package is installed, and trains to the bits of everywhere (${missing ?? "npm"})`,
    () => {
      install(folder, run);
      cpSync(fileURLToPath(new URL("program.mjs", import.meta.url)), join(folder, "program.mjs"));
      expect(JSON.parse(run(...program, "program.mjs"))).toEqual({
        digest: XOR_DIGEST,
        worker: XOR_DIGEST,
        threaded: XOR_DIGEST,
        threads: 2,
        shared: true,
        goesOn: true,
        label: "large",
      });
    },
    100_000,
  );

  it.skipIf(missing)(
    `the command trains XOR, and reads what the program saved (${missing ?? "npm"})`,
    () => {
      expect(JSON.parse(run(...command, "xor", "--json", "--seed", "42"))).toMatchObject({
        converged: true,
        digest: XOR_DIGEST,
      });
      expect(run(...command, "info", "model", "xor.safetensors")).toContain("dense");
    },
    100_000,
  );
});

const edge = fileURLToPath(new URL("workerd/", import.meta.url));

/** A version of Node that wrangler takes, if there is one. */
const NODE =
  Number(process.versions.node.split(".")[0]) > 22
    ? process.execPath
    : fromNpm("node-24", "bin/node").program;

const serve = (config: string) => (port: number) =>
  [
    "node_modules/.bin/workerd",
    "serve",
    "config.capnp",
    config,
    `--socket-addr=http=127.0.0.1:${port}`,
  ] as const;

describe("in workerd", () => {
  let workerd: Application;
  const answer = (path: string) => fetch(`${workerd.url}/${path}`).then((response) => response.json());

  beforeAll(async () => {
    workerd = await startApplication("hosts/workerd", ["build.mjs"], serve("xor"));
  }, 300_000);
  afterAll(() => workerd?.end());

  it("a worker bundled with the condition workerd has nothing to set up, and the bits of everywhere", async () => {
    expect(await answer("")).toEqual({
      digest: XOR_DIGEST,
      explicit: XOR_DIGEST,
      supported: true,
      threads: { threads: 1, wanted: 2, why: "the runtime has no workers" },
      label: "large",
    });
  });

  it("a worker bundled without it trains on imported kernels, and is told to import them where it does not", async () => {
    const why =
      "a runtime that compiles no bytes: bundle with the condition workerd, or import wasmgrad/wasmgrad.wasm as a module, for createEngine({ wasm })";
    const embedded = `UnsupportedEngineError: engine: WebAssembly with SIMD is needed, and leave to compile it; got ${why}`;
    expect(await answer("plain")).toEqual({ digest: XOR_DIGEST, why, embedded });
  });
});

/** What the customers of `examples/workerd` learn. */
const motions = {
  x: [
    [0, 0, 1],
    [1, 0, 1],
    [0, 1, 0],
  ],
  y: ["rest", "walk", "run"],
};
const trainerOfNode = () =>
  compile(
    sequential({ input: [3], seed: 1 }, [
      dense(16, { activation: "relu" }),
      dense(3, { activation: "softmax" }),
    ]),
    {
      loss: crossEntropy(),
      optimizer: adam({ learningRate: 0.03 }),
      labels: ["rest", "walk", "run"],
    },
  );

describe("the example of a service at the edge", () => {
  it("learns per customer, and goes on after a restart where each one was", async () => {
    rmSync(`${edge}build/disk`, { recursive: true, force: true });
    mkdirSync(`${edge}build/disk`, { recursive: true });
    await goesOn((build) => startApplication("hosts/workerd", build, serve("customers")));
  }, 300_000);

  it.skipIf(!NODE)(
    `does so by its one command (wrangler, which needs Node 22.12)`,
    async () => {
      rmSync(`${edge}build/wrangler`, { recursive: true, force: true });
      const flags = ["--config", "build/example/wrangler.jsonc", "--persist-to", "build/wrangler"];
      await goesOn((build) =>
        startApplication("hosts/workerd", build, (port) => [
          NODE!,
          "node_modules/wrangler/bin/wrangler.js",
          "dev",
          ...flags,
          "--port",
          String(port),
        ]),
      );
    },
    300_000,
  );
});

/** Two customers learn at once, the service is killed and started again, and both go on, with the bits of Node. */
async function goesOn(start: (build?: readonly string[]) => Promise<Application>) {
  const alone = trainerOfNode();
  alone.fitSync(motions, { epochs: 100 });
  const first = await start(["build.mjs"]);
  try {
    const [ann, bob] = await Promise.all([
      post(first, "ann/learn", { ...motions, epochs: 60 }),
      post(first, "bob/learn", { ...motions, y: ["run", "rest", "walk"], epochs: 100 }),
    ]);
    expect([ann.steps, bob.steps]).toEqual([60, 100]);
    expect(await post(first, "ann/learn", { x: [[1, 2]], y: ["walk"], epochs: 3 })).toEqual({
      name: "ShapeError",
      message: "fitSync: x: row 0 must have 3 numbers; got 2",
    });
  } finally {
    first.end();
  }
  const second = await start();
  try {
    const label = async (name: string) =>
      (await post(second, `${name}/classify`, { x: [[1, 0, 1]] }))[0].label;
    expect(await label("bob")).toBe("rest");
    const { digest } = await post(second, "ann/learn", { ...motions, epochs: 40 });
    expect(digest).toBe(alone.digest());
    expect(await label("ann")).toBe("walk");
  } finally {
    second.end();
  }
}

const post = (service: Application, path: string, body: object) =>
  fetch(`${service.url}/customers/${path}`, { method: "POST", body: JSON.stringify(body) }).then((response) =>
    response.json(),
  );
