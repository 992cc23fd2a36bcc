/**
 * Threads that run the records of one program together. The thread that calls leads: it is part 0, decides by `pass`, and
 * publishes each stretch of tape. The others follow: each computes its part of every record of the stretch, and all wait for
 * each other where the plan has set a barrier, and at the end of the stretch.
 *
 * Where they meet, the others arrive, the leader waits for all of them, and raises the phase, which lets them go on. Who
 * waits looks a number of times, and then sleeps: with more threads than cores, a thread that only looks keeps another from
 * the work that it waits for.
 *
 * Compiled into the build with shared memory alone.
 */
import { Control, Header, RecordWord, Run } from "./abi";
import { executeRecord } from "./decode";

/** How long the leader sleeps before it looks whether the others get anywhere. */
const NAP_MS: i32 = 50;
/** Looks of a leader that may not sleep, in at least a millisecond. */
const SPINS_PER_MS: i32 = 1 << 20;

// @ts-ignore: decorator
@inline
function at(control: usize, word: i32): usize {
  return control + (<usize>word << 2);
}

// @ts-ignore: decorator
@inline
function peek(control: usize, word: i32): i32 {
  return atomic.load<i32>(at(control, word));
}

// @ts-ignore: decorator
@inline
function poke(control: usize, word: i32, value: i32): void {
  atomic.store<i32>(at(control, word), value);
}

// @ts-ignore: decorator
@inline
function party(control: usize, part: i32): usize {
  return at(control, Control.Parties + part * Control.PartyWords);
}

// @ts-ignore: decorator
@inline
function controlOf(program: usize): usize {
  return <usize>load<u32>(program + (Header.Control << 2));
}

/**
 * Sleeps while a word has a value. @returns whether the time ran out
 *
 * A function of its own: V8's baseline compiler in version 11 (Node 20) mixes up values that outlive a wait in a loop.
 */
function isLate(word: usize, value: i32, nanoseconds: i64): bool {
  return atomic.wait<i32>(word, value, nanoseconds) == 2;
}

/** Lets the others go on. */
function release(control: usize): void {
  atomic.add<i32>(at(control, Control.Phase), 1);
  if (peek(control, Control.Sleepers) != 0) atomic.notify(at(control, Control.Phase), -1);
}

/** What the others have done, as one number that changes when any of them comes to another record. */
function progressOf(control: usize, parts: i32): i32 {
  let sum = 0;
  for (let part = 1; part < parts; part++) sum += atomic.load<i32>(party(control, part));
  return sum;
}

/** Waits for all others. @returns whether they came: false if one failed, or none got anywhere for as long as `Patience` */
function gather(control: usize, parts: i32): bool {
  const others = parts - 1;
  const arrived = at(control, Control.Arrived);
  const spins = peek(control, Control.Spins);
  for (let spin = 0; spin < spins; spin++)
    if (atomic.load<i32>(arrived) == others) {
      atomic.store<i32>(arrived, 0);
      return true;
    }
  return gatherSlowly(control, parts);
}

function gatherSlowly(control: usize, parts: i32): bool {
  const others = parts - 1;
  const arrived = at(control, Control.Arrived);
  const sleeps = peek(control, Control.MaySleep) != 0;
  const patience = peek(control, Control.Patience);
  let progress = progressOf(control, parts);
  let idle = 0;
  for (;;) {
    const count = atomic.load<i32>(arrived);
    if (count == others) break;
    if (peek(control, Control.Failed) != 0) return false;
    let waited = 0;
    if (sleeps) {
      poke(control, Control.LeaderSleeps, 1);
      // It ends at once if another one has arrived by now; the last one to arrive wakes.
      if (isLate(arrived, count, <i64>NAP_MS * 1000000)) waited = NAP_MS;
      poke(control, Control.LeaderSleeps, 0);
    } else {
      for (let spin = 0; spin < SPINS_PER_MS; spin++) if (atomic.load<i32>(arrived) != count) break;
      if (atomic.load<i32>(arrived) == count) waited = 1;
    }
    if (waited == 0) continue;
    const now = progressOf(control, parts);
    if (now != progress) {
      progress = now;
      idle = 0;
    } else if ((idle += waited) >= patience) return false;
  }
  atomic.store<i32>(arrived, 0);
  return true;
}

/** Says that a part has done what the phase allows. */
function arrive(control: usize, parts: i32): void {
  const before = atomic.add<i32>(at(control, Control.Arrived), 1);
  if (before + 2 == parts && peek(control, Control.LeaderSleeps) != 0)
    atomic.notify(at(control, Control.Arrived), -1);
}

/** Waits for another phase than the one this part has seen. @returns whether the call goes on */
function nextPhase(control: usize, part: i32): bool {
  const phase = at(control, Control.Phase);
  const mine = party(control, part) + 4;
  const seen = load<i32>(mine);
  const spins = peek(control, Control.Spins);
  let spin = 0;
  while (spin < spins && atomic.load<i32>(phase) == seen) spin++;
  if (spin == spins) sleep(control, seen);
  // The leader raises the phase by one, and then waits for all.
  store<i32>(mine, seen + 1);
  return peek(control, Control.End) == 0;
}

/** Sleeps until the phase is another one. */
function sleep(control: usize, seen: i32): void {
  const phase = at(control, Control.Phase);
  atomic.add<i32>(at(control, Control.Sleepers), 1);
  while (atomic.load<i32>(phase) == seen) isLate(phase, seen, -1);
  atomic.sub<i32>(at(control, Control.Sleepers), 1);
}

/** Where all wait for each other. @returns whether the stretch goes on */
function meet(control: usize, part: i32, parts: i32): bool {
  if (part != 0) {
    arrive(control, parts);
    return nextPhase(control, part);
  }
  if (!gather(control, parts)) return false;
  release(control);
  return true;
}

/** Computes a part of the records in [from, to), which begins with a wait. @returns whether it came to the end */
function work(program: usize, control: usize, from: usize, to: usize, part: i32, parts: i32): bool {
  const run = <usize>load<u32>(program + (Header.Run << 2));
  const rows = load<i32>(run + (Run.Rows << 2));
  const stride = <usize>load<u32>(program + (Header.ScratchStride << 2));
  const mine = party(control, part);
  for (let r = from; r < to; ) {
    const word = load<u32>(r);
    if ((word & RecordWord.Barrier) != 0 && r != from && !meet(control, part, parts)) return false;
    const alone = (word & RecordWord.Alone) != 0;
    if (part == 0 || !alone) executeRecord(r, run, rows, stride, part, alone ? 1 : parts);
    atomic.store<i32>(mine, load<i32>(mine) + 1);
    r += <usize>((word >>> RecordWord.LengthShift) & RecordWord.LengthMask) << 2;
  }
  return true;
}

/**
 * The first record of [from, to) that is shared out; `to` where none is, or where the leader is alone. No other thread hears of a
 * stretch before that.
 */
export function sharedFrom(program: usize, from: usize, to: usize): usize {
  if (load<i32>(at(controlOf(program), Control.Parts)) <= 1) return to;
  let r = from;
  for (; r < to; r += <usize>((load<u32>(r) >>> RecordWord.LengthShift) & RecordWord.LengthMask) << 2)
    if ((load<u32>(r) & RecordWord.Alone) == 0) break;
  return r;
}

/** Runs the records in [from, to) with all threads of the call. @returns whether all have done their part */
export function share(program: usize, from: usize, to: usize): bool {
  const control = controlOf(program);
  const parts = load<i32>(at(control, Control.Parts));
  store<u32>(at(control, Control.From), <u32>from);
  store<u32>(at(control, Control.To), <u32>to);
  release(control);
  return work(program, control, from, to, 0, parts) && gather(control, parts);
}

/** Meets the others so many times with nothing to do: what a barrier costs. */
export function rehearse(program: usize, times: i32): bool {
  for (let i = 0; i < times; i++) if (!share(program, 0, 0)) return false;
  return true;
}

/** What a thread other than the leader does in a call: its part of every stretch, until the call is over. */
export function follow(program: usize, part: i32, parts: i32): void {
  const control = controlOf(program);
  store<i32>(party(control, part) + 4, peek(control, Control.Start));
  while (nextPhase(control, part)) {
    const from = <usize>load<u32>(at(control, Control.From));
    const to = <usize>load<u32>(at(control, Control.To));
    if (!work(program, control, from, to, part, parts)) return;
    arrive(control, parts);
  }
}
