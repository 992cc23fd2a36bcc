/** A worker of the packed package in workerd, which compiles no WebAssembly while it runs. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Application, startApplication, XOR_DIGEST } from "./application.ts";

describe("a worker in workerd", () => {
  let workerd: Application;
  let answer: { digest: string; why: string; embedded: string };

  beforeAll(async () => {
    workerd = await startApplication("workerd", ["build.mjs"], (port) => [
      "node_modules/.bin/workerd",
      "serve",
      "config.capnp",
      `--socket-addr=http=127.0.0.1:${port}`,
    ]);
    answer = await fetch(workerd.url).then((response) => response.json());
  }, 300_000);
  afterAll(() => workerd?.end());

  it("trains on imported kernels, with the bits of everywhere", () => {
    expect(answer.digest).toBe(XOR_DIGEST);
  });

  it("is told to import them where it would have to compile its own", () => {
    const fix =
      "a runtime that compiles no bytes: import wasmgrad/wasmgrad.wasm as a module, give it to createEngine({ wasm }), and that engine to compile";
    expect(answer.why).toBe(fix);
    expect(answer.embedded).toBe(
      `UnsupportedEngineError: engine: WebAssembly with SIMD is needed, and leave to compile it; got ${fix}`,
    );
  });
});
