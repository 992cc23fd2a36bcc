/** The landing page: copies the install line, and shows what a worker trains while the page is read. */
import { copyText } from "../../common/copy.ts";
import "./landing.css";
import type { FromWorker, ToWorker } from "./messages.ts";
import { drawLosses, drawSurface } from "./picture.ts";

const byId = <T extends Element>(id: string) => document.getElementById(id) as unknown as T;
const run = byId<HTMLButtonElement>("run");
const state = byId<HTMLElement>("state");

const copy = byId<HTMLButtonElement>("copy");
copy.addEventListener("click", async () => {
  byId("copied").textContent = await copyText(byId("install").textContent!, copy.parentElement!);
});

let worker: Worker | undefined;
/** What the visitor wants; a page that nobody sees trains nothing all the same. */
let wanted = false;
let isSeen = true;
let last: (FromWorker & { kind: "trained" }) | undefined;

function show(message: FromWorker & { kind: "trained" }) {
  last = message;
  byId("count").textContent = message.count.toLocaleString("en");
  byId("median").textContent = `${Number(message.medianMs.toPrecision(2))} ms`;
  byId("seed").textContent = `Digest of seed ${message.count - 1}: the same everywhere`;
  byId("digest").textContent = message.digest;
  drawLosses(byId("loss"), message.losses);
  drawSurface(byId("surface"), byId("before"), message.surface);
}

function fail(why: string) {
  worker?.terminate();
  worker = undefined;
  wanted = false;
  run.textContent = "Train";
  state.textContent = why;
}

function startWorker() {
  worker = new Worker(new URL("./xor-worker.ts", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
    if (data.kind === "trained") show(data);
    else fail(data.why);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    fail("The worker that trains has ended; the button starts another.");
  };
}

/** Tells the worker, which is made when it is needed first. */
function update() {
  const runs = wanted && isSeen && !document.hidden;
  if (runs && !worker) startWorker();
  worker?.postMessage({ run: runs } satisfies ToWorker);
}

function setWanted(isWanted: boolean) {
  wanted = isWanted;
  run.textContent = wanted ? "Pause" : "Train";
  update();
}

run.addEventListener("click", () => {
  state.textContent = wanted ? "Paused." : "5 ms in every 100, in a worker.";
  setWanted(!wanted);
});
document.addEventListener("visibilitychange", update);
new IntersectionObserver((changes) => {
  isSeen = changes[changes.length - 1].isIntersecting;
  update();
}).observe(byId("surface"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  if (last) show(last);
});

// The engine comes after everything that is read, and by itself only where motion is wanted and bytes are cheap.
const { connection } = navigator as { connection?: { saveData?: boolean } };
if (!matchMedia("(prefers-reduced-motion: reduce)").matches && !connection?.saveData) {
  const later = globalThis.requestIdleCallback ?? ((work: () => void) => setTimeout(work, 500));
  const begin = () => later(() => setWanted(true));
  if (document.readyState === "complete") begin();
  else addEventListener("load", begin);
}
