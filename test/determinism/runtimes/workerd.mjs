/** Cloudflare's workerd: one worker, whose answer to a request is the report. */
import { mkdirSync, writeFileSync } from "node:fs";
import { build } from "esbuild";
import { end, run, start } from "../../browser/programs.mjs";
import { fromNpm, path, root } from "./install.mjs";

const SECONDS = 120;

const CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [
    (name = "worker.mjs", esModule = embed "worker.mjs"),
    (name = "wasmgrad.wasm", wasm = embed "wasmgrad.wasm"),
  ],
  compatibilityDate = "2026-01-01",
);
`;

async function makeWorker(folder) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/config.capnp`, CONFIG);
  await build({
    entryPoints: [path("hosts/worker.mjs")],
    bundle: true,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    loader: { ".wasm": "copy" },
    assetNames: "[name]",
    outfile: `${folder}/worker.mjs`,
    logLevel: "error",
  });
}

/** The port that a server chose, by what it says on the descriptor 3. */
const portOf = (server) =>
  new Promise((resolve, reject) => {
    let text = "";
    server.stdio[3].on("data", (data) => {
      text += data;
      const port = /"port":\s*(\d+)/.exec(text)?.[1];
      if (port) resolve(Number(port));
    });
    const fail = (what) => reject(new Error(`workerd ${what}\n${server.said()}`.trim()));
    server.once("error", reject);
    server.once("exit", (code, signal) => fail(`ended with status ${code ?? signal}`));
    setTimeout(() => fail("does not listen"), 30_000).unref();
  });

const versionOf = async (program) =>
  (await run(program, ["--version"], { seconds: 30 })).stdout.trim().split(" ").at(-1);

async function reportOf(program) {
  const folder = root("build/determinism/workerd");
  await makeWorker(folder);
  const server = start(program, ["serve", "config.capnp", "--control-fd=3"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  try {
    const port = await portOf(server);
    const signal = AbortSignal.timeout(SECONDS * 1000);
    const answer = await fetch(`http://127.0.0.1:${port}`, { signal });
    const text = await answer.text();
    if (!answer.ok) return { error: `workerd: status ${answer.status}\n${text}\n${server.said()}` };
    return { version: await versionOf(program), engine: "V8", ...JSON.parse(text) };
  } finally {
    server.removeAllListeners();
    end(server);
  }
}

export const workerd = {
  name: "workerd",
  async find() {
    const { program, missing } = fromNpm("workerd", "bin/workerd");
    if (missing) return { missing };
    return { ways: [{ threads: 1, run: () => reportOf(program) }] };
  },
};
