/** "Check this browser": starts the worker, shows each run, and says what differs. */
import expectedAddress from "../../../test/determinism/digests.json?url";
import { copyText } from "../../common/copy.ts";
import { type Job, startJob } from "../../common/job.ts";
import "./check.css";
import type { FromWorker } from "./messages.ts";
import { type Digests, differing, type Outcome, reportOf, sentenceOf } from "./verdict.ts";

const byId = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const start = byId<HTMLButtonElement>("start");
const copy = byId<HTMLButtonElement>("copy");
const progress = byId<HTMLProgressElement>("progress");
const status = byId("status");
const outcomeBox = byId("outcome");
const all = byId<HTMLDetailsElement>("all");
const rows = byId("runs");
const differingOnly = byId<HTMLInputElement>("differing");
const none = byId("none");

let job: Job | undefined;
let report = "";

function rowOf(name: string, digest: string | undefined, expected: string | undefined) {
  const row = document.createElement("tr");
  const isEqual = digest === expected;
  row.className = isEqual ? "equal" : "different";
  const cells = [name, isEqual ? "equal" : "different", digest ?? "no digest"].map((text, at) => {
    const cell = document.createElement(at === 0 ? "th" : "td");
    cell.textContent = text;
    return cell;
  });
  cells[0].setAttribute("scope", "row");
  cells[1].className = isEqual ? "good" : "bad";
  cells[2].className = "digest";
  if (!isEqual) {
    const wanted = document.createElement("div");
    wanted.textContent = `expected ${expected ?? "no such run"}`;
    cells[2].append(wanted);
  }
  row.append(...cells);
  return row;
}

function filter() {
  rows.parentElement?.classList.toggle("only-different", differingOnly.checked);
  none.hidden = !differingOnly.checked || rows.querySelector(".different") !== null;
}

function finish(text: string) {
  job?.end();
  job = undefined;
  start.textContent = "Check again";
  status.textContent = text;
}

function show(outcome: Outcome, expected: Digests) {
  const different = differing(outcome.digests, expected);
  for (const name of different)
    if (!(name in outcome.digests)) rows.append(rowOf(name, undefined, expected[name]));
  const verdict = document.createElement("p");
  verdict.className = different.length === 0 ? "verdict good" : "verdict bad";
  verdict.textContent = `${different.length === 0 ? "✓" : "✗"} ${sentenceOf(outcome, expected)}`;
  outcomeBox.replaceChildren(verdict);
  if (different.length > 0) {
    const what = document.createElement("p");
    what.textContent =
      "Different bits are a defect, of wasmgrad or of this browser. Please report it with the report that the button copies.";
    outcomeBox.append(what);
    differingOnly.checked = true;
    all.open = true;
  }
  report = reportOf(outcome, expected, navigator.userAgent, new Date());
  copy.hidden = false;
  filter();
  finish(different.length === 0 ? "Done: every run is equal." : "Done: some runs differ.");
}

async function expectedDigests(): Promise<Digests> {
  const answer = await fetch(expectedAddress);
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return answer.json();
}

async function check() {
  start.textContent = "Stop";
  status.textContent = "Loading the engine.";
  outcomeBox.replaceChildren();
  rows.replaceChildren();
  progress.value = 0;
  copy.hidden = true;
  all.hidden = true;
  differingOnly.checked = false;
  const mine = startJob(
    () => new Worker(new URL("./check-worker.ts", import.meta.url), { type: "module" }),
    (why) => finish(why),
  );
  job = mine;
  let expected: Digests;
  try {
    expected = await expectedDigests();
  } catch {
    if (job !== mine) return;
    finish("The expected digests could not be loaded: check the connection, then try again.");
    return;
  }
  if (job !== mine) return;
  progress.max = Object.keys(expected).length;
  mine.listen((message: FromWorker) => {
    if (message.kind === "failed") finish(message.why);
    else if (message.kind === "done") show(message, expected);
    else {
      if (all.hidden) status.textContent = "Running.";
      all.hidden = false;
      rows.append(rowOf(message.name, message.digest, expected[message.name]));
      progress.value = rows.childElementCount;
    }
  });
}

start.addEventListener("click", () => {
  if (job) finish("Stopped.");
  else check();
});
copy.addEventListener("click", async () => {
  status.textContent = await copyText(report, copy.parentElement!);
});
differingOnly.addEventListener("change", filter);
