/** The benchmark page: runs the suite in a worker, and shows it beside other results. */
import storedResults from "../../../bench/results/suite.json";
import { RECORD, REFERENCE, SUITE } from "../../../src/cli/bench-record.ts";
import { workloadsOf } from "../../../src/cli/workloads.ts";
import { copyText } from "../../common/copy.ts";
import { type Job, startJob } from "../../common/job.ts";
import "./benchmark.css";
import type { FromWorker } from "./messages.ts";
import { browserOf, isEqual, PastedError, type Result, readResult, totalScore } from "./results.ts";
import { drawBars, fillTable, type Shown } from "./view.ts";

const byId = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const start = byId<HTMLButtonElement>("start");
const copy = byId<HTMLButtonElement>("copy");
const progress = byId<HTMLProgressElement>("progress");
const status = byId("status");
const verdict = byId("verdict");
const stored = byId<HTMLSelectElement>("stored");
const pasted = byId<HTMLTextAreaElement>("pasted");
const problem = byId("problem");
const remove = byId("remove");

/** What each workload does; none is opened here. */
const WHATS = new Map(workloadsOf({} as never).map(({ name, what }) => [name, what]));

/** The machine of the suite first, whose scores are 1000. */
const STORED: readonly Result[] = [
  {
    suite: SUITE,
    machine: REFERENCE,
    statistic: "least",
    workloads: Object.entries(RECORD).map(([name, [digest, ms]]) => ({ name, ms, digest })),
  },
  ...storedResults,
];
stored.append(...STORED.map(({ machine }, at) => new Option(machine, `${at}`)));

let job: Job | undefined;
let own: Result | undefined;
let other: Result | undefined;

const sourceOf = ({ machine, version, date, statistic, load = 0 }: Result) =>
  [
    machine,
    ...(version ? [`wasmgrad ${version}`] : []),
    ...(date ? [date] : []),
    `the ${statistic} of its rounds`,
    ...(load > 1 ? [`on a busy machine (load ${load}), so slower than it can`] : []),
  ].join(", ");

function draw() {
  const result = STORED[Number(stored.value)];
  const shown: Shown[] = [{ who: "Stored", result }];
  if (own) shown.unshift({ who: "Yours", result: own });
  if (other) shown.push({ who: "Pasted", result: other });
  byId("about").textContent = [
    `Stored: ${sourceOf(result)}.`,
    ...(other ? [`Pasted: ${sourceOf(other)}.`] : []),
  ].join(" ");
  drawBars(byId("bars"), shown, [...WHATS.keys()]);
  fillTable(byId<HTMLTableElement>("times"), shown, WHATS);
}

function finish(text: string) {
  job?.end();
  job = undefined;
  start.textContent = "Run again";
  status.textContent = text;
}

function show({ version, workloads }: FromWorker & { kind: "done" }) {
  own = {
    suite: SUITE,
    version,
    machine: `${browserOf(navigator.userAgent)}, ${navigator.hardwareConcurrency} cores`,
    statistic: "median",
    date: new Date().toISOString().slice(0, 10),
    workloads,
  };
  const different = workloads.filter((timing) => !isEqual(timing)).map(({ name }) => name);
  verdict.className = different.length === 0 ? "verdict good" : "verdict bad";
  verdict.textContent =
    different.length === 0
      ? `✓ Score ${totalScore(own)}: every workload gave the bits it gives everywhere.`
      : `✗ Score ${totalScore(own)}. Different bits in ${different.join(", ")}: please report it.`;
  copy.hidden = false;
  finish("Done.");
  draw();
}

function run() {
  start.textContent = "Stop";
  status.textContent = "Loading the engine.";
  verdict.textContent = "";
  progress.value = 0;
  copy.hidden = true;
  job = startJob(
    () => new Worker(new URL("./bench-worker.ts", import.meta.url), { type: "module" }),
    (why) => finish(why),
  );
  let said = "";
  job.listen((message: FromWorker) => {
    if (message.kind === "failed") finish(message.why);
    else if (message.kind === "done") show(message);
    else {
      progress.max = message.of;
      progress.value = message.done;
      // One line for screen readers while it warms up, one for each round.
      const says = message.what.startsWith("Warming") ? "Warming up." : message.what;
      if (says !== said) status.textContent = said = says;
    }
  });
}

start.addEventListener("click", () => {
  if (job) finish("Stopped.");
  else run();
});
copy.addEventListener("click", async () => {
  status.textContent = await copyText(
    JSON.stringify({ ...own, userAgent: navigator.userAgent }, null, 1),
    copy.parentElement!,
  );
});
stored.addEventListener("change", draw);
byId("paste").addEventListener("submit", (event) => {
  event.preventDefault();
  problem.textContent = "";
  try {
    other = readResult(pasted.value);
    remove.hidden = false;
    draw();
    status.textContent = `Compared with ${other.machine}.`;
  } catch (error) {
    if (!(error instanceof PastedError)) throw error;
    problem.textContent = error.message;
    pasted.focus();
  }
});
remove.addEventListener("click", () => {
  other = undefined;
  pasted.value = "";
  problem.textContent = "";
  remove.hidden = true;
  pasted.focus();
  draw();
});
draw();
