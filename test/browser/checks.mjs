/** What every engine is asked, apart from digests: plain JavaScript that runs on pages and in the shell. */
import {
  download,
  fromIndexedDb,
  fromOpfs,
  fromUrl,
  keepInIndexedDb,
} from "../../examples/files/browser.mjs";
import { images, longCalls, shortFits, watch } from "./alive.mjs";

/** @returns {{ name: string, ok: boolean, detail?: string }} */
export async function attempt(name, check) {
  try {
    const detail = await check();
    return { name, ok: true, ...(detail ? { detail } : {}) };
  } catch (error) {
    return { name, ok: false, detail: String(error) };
  }
}

export function expect(holds, what) {
  if (!holds) throw new Error(`expected ${what}`);
}

/** A module with one relaxed instruction, `i8x16.relaxed_swizzle`: that of the wasm-feature-detect package. */
const HAS_RELAXED = WebAssembly.validate(
  Uint8Array.of(
    ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0],
    ...[65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11],
  ),
);

const ROWS = 64;

function wideTrainer({ adam, compile, crossEntropy, dense, sequential }, options = {}) {
  const model = sequential({ input: [20], seed: 1 }, [
    dense(128, { activation: "relu" }),
    dense(4, { activation: "softmax" }),
  ]);
  return compile(model, { loss: crossEntropy(), optimizer: adam({ learningRate: 0.003 }), ...options });
}

const wideData = {
  x: {
    data: Float32Array.from({ length: ROWS * 20 }, (_, i) => ((i * 37) % 101) / 50 - 1),
    shape: [ROWS, 20],
  },
  y: Array.from({ length: ROWS }, (_, i) => (i * 7) % 4),
};

const xor = {
  x: [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ],
  y: [0, 1, 1, 0],
};

/** @param {typeof import("../../src/index.ts")} wasmgrad */
export async function checkEngine(wasmgrad) {
  const { compile, createEngine, dense, isSupported, MemoryError, sequential } = wasmgrad;
  const small = () => compile(sequential({ input: [2] }, [dense(1)]));
  return [
    await attempt("isSupported", () => expect(isSupported() === true, "isSupported() to be true")),
    await attempt("fit yields", async () => {
      // A task of the page's, again and again: it must get its turns while a fit runs that takes a while.
      const trainer = wideTrainer(wasmgrad);
      let turns = 0;
      let fitting = true;
      const tick = () => {
        turns++;
        if (fitting) setTimeout(tick, 0);
      };
      setTimeout(tick, 0);
      let frames = 0;
      const frame = () => {
        frames++;
        if (fitting) requestAnimationFrame(frame);
      };
      if (typeof requestAnimationFrame === "function") requestAnimationFrame(frame);
      const start = performance.now();
      const controller = new AbortController();
      let calls = 0;
      await trainer
        .fit(wideData, {
          epochs: 1e6,
          signal: controller.signal,
          onProgress: () => {
            calls++;
            if (performance.now() - start > 500) controller.abort(new Error("enough"));
          },
        })
        .then(
          () => expect(false, "abort to end the fit"),
          (error) => expect(error.message === "enough", `the signal's reason; got ${error}`),
        );
      fitting = false;
      const ms = performance.now() - start;
      trainer.dispose();
      expect(turns >= 5 && calls >= 5, `turns for others; got ${turns} in ${ms.toFixed(0)} ms`);
      return `${turns} timers, ${frames} frames in ${ms.toFixed(0)} ms`;
    }),
    await attempt("relaxed", async () => {
      if (!HAS_RELAXED) {
        const error = await createEngine({ relaxed: true }).catch((e) => e);
        expect(error.name === "UnsupportedEngineError", `an UnsupportedEngineError; got ${error}`);
        return "refused";
      }
      const engine = await createEngine({ relaxed: true });
      const [a, b] = [wideTrainer(wasmgrad), wideTrainer(wasmgrad, { engine })];
      const strict = a.fitSync(wideData, { epochs: 20 }).loss;
      const relaxed = b.fitSync(wideData, { epochs: 20 }).loss;
      expect(Math.abs(strict - relaxed) < 1e-3, `close losses; got ${strict} and ${relaxed}`);
      const { kernels } = b.manifest();
      expect(kernels === "relaxed", `a manifest that says so; got ${kernels}`);
      for (const trainer of [a, b]) trainer.dispose();
      return "close";
    }),
    await attempt("memories", () => {
      // More programs, one after the other, than any browser gives memories to.
      for (let i = 0; i < 1500; i++) small().dispose();
      const kept = [];
      let error;
      for (let i = 0; i < 1100 && !error; i++)
        try {
          kept.push(small());
        } catch (thrown) {
          error = thrown;
        }
      expect(!error || error instanceof MemoryError, `a MemoryError; got ${error}`);
      expect(!error || error.livePrograms >= kept.length, `live programs; got ${error?.livePrograms}`);
      for (const predictor of kept) predictor.dispose();
      const trainer = wideTrainer(wasmgrad);
      trainer.fitSync(wideData, { epochs: 1 });
      trainer.dispose();
      return error ? `typed error at ${kept.length}` : `${kept.length} live`;
    }),
  ];
}

/** Frames that a page draws during calls that would hold it for most of a second: without a yield there is none. */
export async function checkFrames(wasmgrad) {
  const rounds = shortFits(wasmgrad);
  const calls = longCalls(wasmgrad, images(100));
  const said = ({ frames, longestGap, ms }) =>
    `${frames} frames in ${ms.toFixed(0)} ms, ${longestGap.toFixed(0)} ms apart at most`;
  const check = (name, atLeast, work) =>
    attempt(name, async () => {
      const seen = await watch(work);
      expect(seen.frames >= atLeast, `at least ${atLeast} frames; got ${said(seen)}`);
      return said(seen);
    });
  const second = async () => {
    const start = performance.now();
    while (performance.now() - start < 1000) await rounds(100);
  };
  return [
    await check("short fits", 5, second),
    await check("long fit", 2, calls.fit),
    await check("long reads", 3, async () => {
      await calls.bindAsync();
      await calls.predictAsync();
      await calls.evaluateAsync();
    }),
  ];
}

/** What only pages have: fetching, and policies. */
export async function checkPage({ binaryCrossEntropy, adam, compile, createEngine, dense, sequential }) {
  return [
    await attempt("fetched kernels", async () => {
      const train = (engine) => {
        const model = sequential({ input: [2], seed: 5 }, [
          dense(8, { activation: "tanh" }),
          dense(1, { activation: "sigmoid" }),
        ]);
        const trainer = compile(model, { loss: binaryCrossEntropy(), optimizer: adam(), engine });
        trainer.fitSync(xor, { epochs: 50 });
        return trainer.digest();
      };
      const engine = await createEngine({ wasm: "/wasmgrad.wasm" });
      const responses = await createEngine({ wasm: await fetch("/wasmgrad.wasm") });
      expect(train(engine) === train(undefined), "the bits of the embedded kernels from a URL");
      expect(train(responses) === train(undefined), "the bits of the embedded kernels from a response");
      const missing = await createEngine({ wasm: "/no-such.wasm" }).catch((e) => e);
      expect(missing.name === "OptionError", `an OptionError for a missing file; got ${missing}`);
    }),
    await attempt("policies", async () => {
      const blocked = await saidBy("/blocked.html");
      expect(blocked.errors.length === 4, `an error each way; got ${blocked.errors.length}`);
      for (const text of [blocked.why, ...blocked.errors])
        expect(text.includes("add 'wasm-unsafe-eval' to its script-src"), `the directive; got ${text}`);
      for (const text of blocked.errors)
        expect(text.startsWith("UnsupportedEngineError: "), `an UnsupportedEngineError; got ${text}`);
      const allowed = await saidBy("/allowed.html");
      expect(allowed.why === null && allowed.errors.length === 0, `no error; got ${allowed.errors}`);
    }),
  ];
}

/** Where pages keep files: each place gives back the bytes that it was given. */
export async function checkFiles(wasmgrad) {
  const { load, loadTrainer } = wasmgrad;
  const trainer = wideTrainer(wasmgrad);
  trainer.fitSync(wideData, { epochs: 2 });
  const digest = trainer.digest({ training: true });
  const bytes = trainer.save({ training: true });
  const same = (given, from) =>
    expect(loadTrainer(given).digest({ training: true }) === digest, `the trainer from ${from}`);
  return [
    await attempt("files in OPFS", async () => {
      if (!navigator.storage?.getDirectory) return "not there";
      const worker = new Worker("/files-worker.js", { type: "module" });
      const keep = (given) =>
        new Promise((resolve, reject) => {
          worker.onmessage = ({ data }) => (data === "kept" ? resolve() : reject(new Error(data)));
          worker.onerror = ({ message }) => reject(new Error(message));
          worker.postMessage(["model", given]);
        });
      const found = () => fromOpfs("model", (given) => loadTrainer(given).digest({ training: true }));
      try {
        expect((await fromOpfs("none", load)) === undefined, "nothing where nothing was kept");
        await keep(wideTrainer(wasmgrad).save());
        await keep(bytes);
        expect((await found()) === digest, "the newest one");
        // A write that is cut short leaves the one before.
        await keep(bytes.slice(0, -7));
        expect((await found()) === digest, "the newest whole one");
        return "flushed";
      } catch (error) {
        // Views of a page under test have no storage in some browsers.
        if (/SecurityError|UnknownError/.test(String(error))) return "no storage";
        throw error;
      } finally {
        worker.terminate();
      }
    }),
    await attempt("files in IndexedDB", async () => {
      await keepInIndexedDb("model", bytes);
      same(await fromIndexedDb("model"), "IndexedDB");
      expect((await fromIndexedDb("none")) === undefined, "nothing where nothing was kept");
    }),
    await attempt("downloads", async () => {
      const { createObjectURL } = URL;
      let blob;
      URL.createObjectURL = (given) => createObjectURL.call(URL, (blob = given));
      const clicked = new Promise((resolve) => {
        addEventListener("click", (event) => resolve(event), { once: true, capture: true });
      });
      // Outside the document it clicks itself alone.
      const { click } = HTMLAnchorElement.prototype;
      HTMLAnchorElement.prototype.click = function () {
        document.body.append(this);
        this.addEventListener("click", (event) => event.preventDefault());
        click.call(this);
      };
      try {
        download("model.safetensors", bytes);
        const { target } = await clicked;
        expect(target.download === "model.safetensors", "the name");
        same(await (await fetch(target.href)).arrayBuffer(), "a download");
        expect(blob.size === bytes.length, "all bytes");
      } finally {
        URL.createObjectURL = createObjectURL;
        HTMLAnchorElement.prototype.click = click;
      }
    }),
    await attempt("files from a server", async () => {
      const golden = await fromUrl("/golden.safetensors");
      expect(
        load(golden).digest() ===
          (await fromUrl("/golden.txt").then((text) => new TextDecoder().decode(text))),
        "the golden file",
      );
      const missing = await fromUrl("/no-such-file").catch((error) => error);
      expect(missing instanceof Error, "an error for a missing file");
      const page = await fetch("/page.html").then((response) => response.arrayBuffer());
      let error;
      try {
        load(page);
      } catch (thrown) {
        error = thrown;
      }
      expect(error?.name === "FileError", `a FileError for a page; got ${error}`);
    }),
  ];
}

/** What a page of `policy.mjs` found, in a frame of this one. */
function saidBy(page) {
  const said = new Promise((resolve) => {
    addEventListener("message", ({ data }) => resolve(data), { once: true });
  });
  const frame = document.createElement("iframe");
  frame.src = page;
  document.body.append(frame);
  return said;
}

/** What a page's policy makes of compiling, in each way there is. */
export async function checkPolicy({ compile, createEngine, dense, isSupported, sequential }) {
  const errors = [];
  const ways = [
    () => compile(sequential({ input: [2] }, [dense(1)])),
    () => createEngine(),
    () => createEngine({ wasm: "/wasmgrad.wasm" }),
    () => fetch("/wasmgrad.wasm").then((wasm) => createEngine({ wasm })),
  ];
  for (const way of ways)
    try {
      await way();
    } catch (error) {
      errors.push(String(error));
    }
  return { why: isSupported.why() ?? null, errors };
}
