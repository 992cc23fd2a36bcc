/**
 * The machine. `pass` decides: which rows, which sections, whether the run goes on. `execute` works: it runs one part of
 * the records of a section.
 *
 * `run` is a thin loop over `pass`, and `pass` calls kernels: V8 replaces a function's code by its optimized
 * form only at the next call, so no function here is entered once and stays.
 */
import { Counter, Header, RecordWord, Run, Section, SectionWord, Status, Window } from "./abi";
import { executeRecord } from "./decode";
import { share, sharedFrom } from "./threads";

// @ts-ignore: decorator
@inline
function word(base: usize, i: usize): i32 {
  return load<i32>(base + (i << 2));
}

// @ts-ignore: decorator
@inline
function setWord(base: usize, i: usize, value: i32): void {
  store<i32>(base + (i << 2), value);
}

// @ts-ignore: decorator
@inline
function pointer(base: usize, i: usize): usize {
  return <usize>load<u32>(base + (i << 2));
}

// @ts-ignore: decorator
@inline
function counter(counters: usize, i: usize): f64 {
  return load<f64>(counters + (i << 3));
}

// @ts-ignore: decorator
@inline
function setCounter(counters: usize, i: usize, value: f64): void {
  store<f64>(counters + (i << 3), value);
}

/** An f64 of the run block. */
// @ts-ignore: decorator
@inline
function runF64(run: usize, i: usize): f64 {
  return load<f64>(run + (i << 2));
}

// @ts-ignore: decorator
@inline
function setRunF64(run: usize, i: usize, value: f64): void {
  store<f64>(run + (i << 2), value);
}

/**
 * Computes one part of the records in [from, to), with the row count of the run block. With several parts it stops at
 * no barrier: the caller gives stretches without one.
 */
export function execute(program: usize, from: usize, to: usize, part: i32, parts: i32): void {
  const run = pointer(program, Header.Run);
  const rows = word(run, Run.Rows);
  const stride = pointer(program, Header.ScratchStride);
  for (let r = from; r < to; ) {
    executeRecord(r, run, rows, stride, part, parts);
    r += <usize>((load<u32>(r) >>> RecordWord.LengthShift) & RecordWord.LengthMask) << 2;
  }
}

// @ts-ignore: decorator
@inline
function sectionRow(program: usize, section: usize): usize {
  return program + ((<usize>Header.Sections + section * <usize>SectionWord.Count) << 2);
}

/** Runs a stretch, with all threads where there are several. @returns whether none of them failed */
// @ts-ignore: decorator
@inline
function runStretch(program: usize, from: usize, to: usize): bool {
  if (ASC_FEATURE_THREADS && pointer(program, Header.Control) != 0) return lead(program, from, to);
  execute(program, from, to, 0, 1);
  return true;
}

/** The same, of a program that has a control block. */
export function lead(program: usize, from: usize, to: usize): bool {
  // Those at the front that are not shared out need nobody else.
  const shared = sharedFrom(program, from, to);
  execute(program, from, shared, 0, 1);
  return shared == to || share(program, shared, to);
}

function runSection(program: usize, section: usize): bool {
  const row = sectionRow(program, section);
  return runStretch(program, pointer(row, SectionWord.From), pointer(row, SectionWord.To));
}

/** Forward and loss of the rows in the ports. */
function forward(program: usize, run: usize): i32 {
  if (!runSection(program, Section.Forward)) return Status.WorkerFailed;
  const value = load<f32>(pointer(program, Header.LossValue));
  setRunF64(run, Run.Loss, <f64>value);
  return value - value == 0 ? Status.Ok : Status.NonFiniteLoss;
}

/**
 * Backward, and what of the sections after it is due.
 *
 * @param last  whether the pass ends an epoch, and with it its group
 */
function backward(program: usize, run: usize, counters: usize, last: bool): i32 {
  if (!runSection(program, Section.Backward)) return Status.WorkerFailed;
  const every = word(sectionRow(program, Section.Update), SectionWord.Every);
  const updates = sectionRow(program, Section.Update);
  let micro = 0;
  let whole = true;
  if (every > 1) {
    micro = <i32>counter(counters, Counter.MicroStep);
    whole = last || micro + 1 == every;
  }
  for (let row = sectionRow(program, Section.Accumulate); row <= updates; row += SectionWord.Count << 2) {
    const from = pointer(row, SectionWord.From);
    const to = pointer(row, SectionWord.To);
    if (from == to) continue;
    if (word(row, SectionWord.Every) > 1 && !whole) continue;
    if (!runStretch(program, from, to)) return Status.WorkerFailedInUpdate;
    if (word(run, Run.Guard) != 0) {
      undo(program, run, pointer(program, row == updates ? Header.Updated : Header.Sums));
      return Status.NonFiniteUpdate;
    }
  }
  if (!whole) {
    setCounter(counters, Counter.MicroStep, micro + 1);
    setCounter(counters, Counter.GroupRows, counter(counters, Counter.GroupRows) + word(run, Run.Rows));
    return Status.Ok;
  }
  if (!runSection(program, Section.Commit)) return Status.WorkerFailedInUpdate;
  setCounter(counters, Counter.Step, counter(counters, Counter.Step) + 1);
  setCounter(counters, Counter.MicroStep, 0);
  setCounter(counters, Counter.GroupRows, 0);
  setWord(run, Run.Rates, word(run, Run.Rates) + word(run, Run.RateStep));
  return Status.Ok;
}

/** Puts the state back as it was before the pass, from `at` to its end. */
function undo(program: usize, run: usize, at: usize): void {
  memory.copy(at, at + pointer(program, Header.Mirror), pointer(program, Header.StateEnd) - at);
  setWord(run, Run.Guard, 0);
}

/**
 * One update, or one pass of a group that makes one, from the rows in the ports. The state is as before unless it
 * returns `Status.Ok`.
 */
export function step(program: usize): i32 {
  const run = pointer(program, Header.Run);
  const status = forward(program, run);
  return status == Status.Ok ? backward(program, run, pointer(program, Header.Counters), false) : status;
}

/** Takes the next batch of the epoch through one pass and moves the cursor. */
function pass(program: usize): i32 {
  const run = pointer(program, Header.Run);
  const counters = pointer(program, Header.Counters);
  const cursor = <u32>counter(counters, Counter.Cursor);
  const total = <u32>word(run, Run.Total);
  const rows = <i32>min(<u32>word(program, Header.Batch), total - cursor);
  const last = cursor + rows == total;
  if (last && word(run, Run.HistoryCount) == word(program, Header.HistoryCapacity)) return Status.HistoryFull;
  if (word(run, Run.RateStep) != 0 && word(run, Run.Rates) == word(run, Run.RatesEnd)) return Status.RatesEnd;
  setWord(run, Run.Rows, rows);
  if (word(run, Run.WindowKind) != Window.Batch) {
    const start = <u32>word(run, Run.WindowStart);
    if (cursor < start || cursor + rows > start + word(run, Run.WindowRows)) return Status.WindowEnd;
    if (!runSection(program, Section.Load)) return Status.WorkerFailed;
  }

  let status = forward(program, run);
  if (status != Status.Ok) return status;
  const epochLoss = counter(counters, Counter.EpochLoss) + runF64(run, Run.Loss) * <f64>rows;
  const mean = epochLoss / <f64>total;
  if (last && mean < runF64(run, Run.LossBelow)) {
    noteEpoch(program, run, mean);
    return Status.LossBelow;
  }

  status = backward(program, run, counters, last);
  if (status != Status.Ok) return status;
  if (!last) {
    setCounter(counters, Counter.Cursor, <f64>(cursor + rows));
    setCounter(counters, Counter.EpochLoss, epochLoss);
    setCounter(counters, Counter.EpochRows, <f64>total);
    return Status.Ok;
  }
  noteEpoch(program, run, mean);
  setCounter(counters, Counter.Cursor, 0);
  setCounter(counters, Counter.EpochLoss, 0);
  setCounter(counters, Counter.EpochRows, 0);
  setCounter(counters, Counter.Epoch, counter(counters, Counter.Epoch) + 1);
  const left = runF64(run, Run.EpochsLeft) - 1;
  setRunF64(run, Run.EpochsLeft, left);
  return left > 0 ? Status.Ok : Status.EpochsDone;
}

/** Appends the mean loss of an epoch to the history. */
function noteEpoch(program: usize, run: usize, mean: f64): void {
  const count = word(run, Run.HistoryCount);
  store<f64>(pointer(program, Header.History) + (<usize>count << 3), mean);
  setWord(run, Run.HistoryCount, count + 1);
  setRunF64(run, Run.Loss, mean);
}

/**
 * Takes up to `steps` batches. Ends early with the status that says why; whatever the status, the state is that of the
 * last whole pass.
 */
export function run(program: usize, steps: i32): i32 {
  for (let i = 0; i < steps; ++i) {
    const status = pass(program);
    if (status != Status.Ok) return status;
  }
  return Status.Ok;
}
