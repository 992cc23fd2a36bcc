/** A page's part, on the files of the package as they are; `?threads=n` says on how many threads. */
import { report } from "../report.mjs";

async function found() {
  try {
    const wasmgrad = await import("../../../dist/index.js");
    return await report(wasmgrad, { threads: Number(new URL(location.href).searchParams.get("threads")) });
  } catch (error) {
    return { error: `${error}\n${error?.stack ?? ""}` };
  }
}

const body = JSON.stringify({ userAgent: navigator.userAgent, ...(await found()) });
await fetch("/report", { method: "POST", body });
