/**
 * The part of a page and of a worker of a page, on the files of the package as they are. `?threads=n` says on how many
 * threads, `&in=worker` that the page leaves everything to a worker with this same file.
 */
import { report } from "../report.mjs";

const isPage = typeof document !== "undefined";
const asked = new URL(location.href).searchParams;

async function found() {
  try {
    const wasmgrad = await import("../../../dist/index.js");
    return await report(wasmgrad, { threads: Number(asked.get("threads")), waits: !isPage });
  } catch (error) {
    return { error: `${error}\n${error?.stack ?? ""}` };
  }
}

const tell = (report) =>
  fetch("/report", { method: "POST", body: JSON.stringify({ userAgent: navigator.userAgent, ...report }) });

if (isPage && asked.get("in") === "worker") {
  const worker = new Worker(`${import.meta.url}${location.search}`, { type: "module" });
  worker.onerror = ({ message }) => tell({ error: `the worker failed: ${message}` });
} else await tell(await found());
