/** Replays: the engine of the link's version is asked, and what differs is said; engines are kept for later sites. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, it, vi } from "vitest";
import { engines, keepEngine, presentVersion } from "../builder/engines.mjs";
import { DEFAULT_CONFIG } from "../pages/playground/run/config.ts";
import { EXTRAS } from "../pages/playground/run/extras.ts";
import { decodeLink } from "../pages/playground/run/link.ts";
import { type ReplayAnswer, replay, replayCost } from "../pages/playground/run/replay.ts";
import { answer } from "../pages/playground/run/replay-steps.ts";
import { Run, VERSION } from "../pages/playground/run/run.ts";
import type { LinkContent } from "../pages/playground/run/types.ts";
import { claimOf, type LinkFixture } from "./links/in-node.ts";

const LINKS = JSON.parse(
  readFileSync(new URL("fixtures/links.json", import.meta.url), "utf8"),
) as LinkFixture[];
const ENGINES = new URL("https://site.test/some/folder/engines/");
const content = claimOf({ name: "small", config: DEFAULT_CONFIG, steps: 30 });
const claim = content.claim as NonNullable<LinkContent["claim"]>;

/** Workers of a site with these engines, by version; each gets a request and answers. */
function site(workers: {
  readonly [version: string]: (request: unknown, post: (given: ReplayAnswer) => void) => void;
}) {
  const asked: string[] = [];
  class FakeWorker extends EventTarget {
    isOver = false;
    readonly #version: string;
    constructor(address: URL) {
      super();
      asked.push(address.href.slice(ENGINES.href.length));
      this.#version = asked[asked.length - 1].split("/")[0];
    }
    postMessage(request: unknown) {
      const post = (data: ReplayAnswer) => this.dispatchEvent(new MessageEvent("message", { data }));
      queueMicrotask(() => {
        try {
          workers[this.#version](structuredClone(request), post);
        } catch {
          this.dispatchEvent(new Event("error"));
        }
      });
    }
    terminate() {
      asked.push("ended");
    }
  }
  vi.stubGlobal("Worker", FakeWorker);
  vi.stubGlobal("fetch", async (address: URL) => {
    expect(address.href).toBe(`${ENGINES.href}index.json`);
    return Response.json(Object.keys(workers));
  });
  return asked;
}

const ours = {
  [VERSION]: (request: unknown, post: (given: ReplayAnswer) => void) => answer(request, EXTRAS, post),
};
const verdictOf = (given: LinkContent) => replay(given, undefined, undefined, ENGINES);

afterEach(() => vi.unstubAllGlobals());

describe("a replay", () => {
  it("is equal on this machine, for every fixture", async () => {
    site(ours);
    for (const { name, link } of LINKS) {
      const fixture = await decodeLink(link);
      const verdict = await verdictOf(fixture);
      expect({ name, verdict }).toMatchObject({ verdict: { kind: "equal", steps: fixture.claim?.steps } });
    }
  });

  it("says whether data or bits differ", async () => {
    site(ours);
    const [data, parameters] = ["0".repeat(64), "f".repeat(64)];
    expect(await verdictOf({ ...content, claim: { ...claim, parameters } })).toEqual({
      kind: "differs",
      what: "bits",
      expected: parameters,
      got: claim.parameters,
    });
    expect(await verdictOf({ ...content, claim: { ...claim, data, parameters } })).toMatchObject({
      what: "data",
      got: claim.data,
    });
    const changed = { ...content, config: { ...DEFAULT_CONFIG, rate: 0.0101 } };
    expect(await verdictOf(changed)).toMatchObject({ kind: "differs", what: "bits" });
    const noisier = {
      ...content,
      config: { ...DEFAULT_CONFIG, data: { ...DEFAULT_CONFIG.data, noise: 0.11 } as never },
    };
    expect(await verdictOf(noisier)).toMatchObject({ kind: "differs", what: "data" });
    expect(await verdictOf({ ...content, claim: { ...claim, steps: 31 } })).toMatchObject({ what: "bits" });
  });

  it("asks the engine of the link's version, and ends its worker", async () => {
    const asked = site({
      ...ours,
      "0.0.9": (request, post) => {
        expect(request).toMatchObject({ format: 1, content: { version: "0.0.9" } });
        post({ kind: "progress", steps: 7 });
        post({ kind: "done", steps: 30, data: claim.data, parameters: claim.parameters });
      },
    });
    const seen: number[] = [];
    const old = { ...content, version: "0.0.9" };
    expect(await replay(old, (steps) => seen.push(steps), undefined, ENGINES)).toMatchObject({
      kind: "equal",
      steps: 30,
    });
    expect([asked, seen]).toEqual([["0.0.9/replay.js", "ended"], [7]]);
  });

  it("knows when it cannot: no such version, no claim, a worker that fails, no list", async () => {
    site({
      ...ours,
      "0.0.8": () => {
        throw new Error("no memory");
      },
    });
    const messageOf = async (change: Partial<LinkContent>) => {
      const verdict = await verdictOf({ ...content, ...change });
      return verdict.kind === "failed" ? verdict.message : verdict.kind;
    };
    expect(await messageOf({ version: "7.0.0" })).toBe(
      `This link is of version 7.0.0 of the engine, which this site does not have: it knows ${VERSION}, 0.0.8.`,
    );
    expect(await messageOf({ version: "constructor" })).toContain("which this site does not have");
    expect(await messageOf({ claim: undefined })).toBe("This link claims nothing that could be checked.");
    expect(await messageOf({ version: "0.0.8" })).toBe(
      "The worker that replays the run has ended: try again.",
    );
    vi.stubGlobal("fetch", async () => new Response("", { status: 404 }));
    expect(await messageOf({})).toContain("The list of engines could not be loaded");
  });

  it("says that a run diverges before its claim", async () => {
    site(ours);
    const config = {
      ...DEFAULT_CONFIG,
      data: { ...DEFAULT_CONFIG.data, set: "wave" } as never,
      layers: [{ units: 8, activation: "relu" as const }],
      optimizer: "sgd" as const,
      rate: 100,
    };
    const verdict = await verdictOf({ ...content, config, claim: { ...claim, steps: 500 } });
    expect(verdict).toMatchObject({
      kind: "failed",
      message: expect.stringMatching(/^The run diverged after step \d+/),
    });
  });

  it("takes no request that is none", () => {
    const answers: ReplayAnswer[] = [];
    for (const request of [
      null,
      5,
      {},
      { format: 2, content },
      { format: 1 },
      { format: 1, content: { version: VERSION } },
    ])
      answer(request, EXTRAS, (given) => answers.push(given));
    expect(answers.map(({ kind }) => kind)).toEqual(Array(6).fill("failed"));
  });

  it("ends with its signal", async () => {
    const asked = site({ [VERSION]: () => {} });
    const controller = new AbortController();
    const ended = replay(content, undefined, controller.signal, ENGINES);
    setTimeout(() => controller.abort(new Error("enough")));
    await expect(ended).rejects.toThrow("enough");
    expect(asked).toEqual([`${VERSION}/replay.js`, "ended"]);
  });
});

it("asks first where a replay may be long", () => {
  const cost = (steps: number, config = {}) =>
    replayCost({ ...content, config: { ...DEFAULT_CONFIG, ...config }, claim: { ...claim, steps } });
  expect(cost(1000)).toMatchObject({ steps: 1000, asks: false });
  expect(cost(200_001).asks).toBe(true);
  const layers = Array(8).fill({ units: 64, activation: "relu" });
  expect(cost(20_000, { layers, batch: 256 }).asks).toBe(true);
  expect(cost(100, { layers, batch: 256 }).asks).toBe(false);
  expect(replayCost({ ...content, claim: undefined })).toEqual({ steps: 0, seconds: 0, asks: false });
});

describe("engines", () => {
  const folder = mkdtempSync(join(tmpdir(), "engines-"));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("of earlier versions are copied as they are, beside the present one", async () => {
    const kept = join(folder, "kept");
    for (const version of ["0.0.9", "0.0.10", "notes"]) mkdirSync(join(kept, version), { recursive: true });
    writeFileSync(join(kept, "0.0.9/replay.js"), "old");
    writeFileSync(join(kept, "0.0.10/replay.js"), "less old");
    await engines([], join(folder, "out"), kept);
    const out = join(folder, "out/engines");
    expect(JSON.parse(readFileSync(join(out, "index.json"), "utf8"))).toEqual([
      "0.0.9",
      "0.0.10",
      presentVersion(),
    ]);
    expect(readFileSync(join(out, "0.0.9/replay.js"), "utf8")).toBe("old");
    expect(readdirSync(out).sort()).toEqual(["0.0.10", "0.0.9", presentVersion(), "index.json"].sort());
  });

  it("are one classic script each, which answers as its sources do", async () => {
    expect(presentVersion()).toBe(VERSION);
    const file = await keepEngine(join(folder, "kept"));
    const answers: ReplayAnswer[] = [];
    let listener: (event: { data: unknown }) => void = () => {};
    runInNewContext(readFileSync(file, "utf8"), {
      addEventListener: (_: string, to: typeof listener) => {
        listener = to;
      },
      postMessage: (given: ReplayAnswer) => answers.push({ ...given }),
      WebAssembly,
      TextEncoder,
      TextDecoder,
      performance,
      atob,
    });
    listener({ data: { format: 1, content } });
    const { state, ...said } = answers.at(-1) as Extract<ReplayAnswer, { kind: "done" }>;
    expect(said).toEqual({ kind: "done", ...claim });
    const run = new Run(content.config, EXTRAS);
    run.network.trainer.restore(Uint8Array.from(state as Uint8Array));
    expect(run.claim).toEqual(claim);
    run.dispose();
  });
});
