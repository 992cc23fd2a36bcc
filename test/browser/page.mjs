/** The page under test: on the built package, as a bundler delivers it. A failing import is reported like the rest. */
async function report() {
  try {
    const wasmgrad = await import("../../dist/index.js");
    const { checkEngine, checkFiles, checkFrames, checkPage } = await import("./checks.mjs");
    const { checkWorkers } = await import("./worker-checks.mjs");
    const checks = [
      ...(await checkEngine(wasmgrad)),
      ...(await checkFrames(wasmgrad)),
      ...(await checkPage(wasmgrad)),
      ...(await checkFiles(wasmgrad)),
      ...(await checkWorkers(wasmgrad, await import("../../dist/worker.js"))),
    ];
    return { checks, isolated: crossOriginIsolated };
  } catch (error) {
    return { error: `${error}\n${error?.stack ?? ""}` };
  }
}

const body = JSON.stringify({ userAgent: navigator.userAgent, ...(await report()) });
await fetch("/report", { method: "POST", body });

export {};
