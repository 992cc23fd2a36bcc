/** The workers of an engine: started together, given calls and memories, and ended together. */

import type { WorkerLike } from "../runtime/crew.ts";
import { now } from "./measure.ts";
import { type Mail, READY, Word } from "./protocol.ts";
import { spawn, type Thread } from "./spawn.ts";

/** How often the caller looks whether the call before is over, before it sleeps. */
const SPINS = 2000;
const NAP_MS = 50;
const START_MS = 10_000;
/** Milliseconds after which workers that were never heard of are given up. */
const LIMIT_MS = 20_000;
/** Looks of a caller that may not sleep, in at least a millisecond: what counts while the clock stands still. */
const LOOKS_PER_MS = 1 << 15;

export class Pool {
  readonly #threads: Thread[] = [];
  readonly #words = new Int32Array(new SharedArrayBuffer(Word.Count * 4));
  #next = 1;
  /** Why it does not work, or no longer. */
  why: unknown;
  #isCalled = false;
  readonly #stopLooking: () => void;
  #ends: Promise<unknown> | undefined;
  /** Whether nothing of it touches any memory any more. */
  isGone = false;

  constructor(
    readonly parts: number,
    factory: (() => WorkerLike) | undefined,
    /** Whether the thread that calls may sleep. */
    readonly maySleep: boolean,
  ) {
    const words = this.#words;
    // In a turn of the event loop: some browsers start no worker before one.
    const late = setTimeout(() => {
      if (Atomics.load(words, Word.Started) < parts - 1)
        this.#fail(`they did not start within ${LIMIT_MS / 1000} seconds`);
    }, LIMIT_MS) as unknown as { unref?(): void };
    late.unref?.();
    this.#stopLooking = () => clearTimeout(late as never);
    try {
      for (let part = 1; part < parts; part++) {
        const thread = spawn(factory, {
          reply: (reply) => {
            if ("failed" in reply) this.#fail(reply.failed);
          },
          gone: (why) => this.#fail(why),
        });
        this.#threads.push(thread);
        thread.post({ words: this.#words, part, parts });
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(why: unknown): void {
    if (this.#ends) return;
    this.why ??= why;
    void this.end();
  }

  /** Whether it can be called, now or when its workers have started. */
  get works(): boolean {
    return this.why === undefined && !this.#ends;
  }

  /** @internal for tests */
  get threads(): readonly Thread[] {
    return this.#threads;
  }

  /** Hands a memory over; returns its number, and the words that tell how many have it. */
  add(
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    keepsOrder: boolean,
  ): { id: number; ready: Int32Array } {
    const id = this.#next++;
    const ready = new Int32Array(new SharedArrayBuffer(4));
    this.#post({ space: id, module, memory, ready, keepsOrder });
    return { id, ready };
  }

  drop(id: number): void {
    if (this.works) this.#post({ drop: id });
  }

  /** @param waits whether to sleep until they are, for as long as any pool takes to start */
  isReady(ready: Int32Array, waits: boolean): boolean {
    const others = this.parts - 1;
    for (let naps = 0; ; ) {
      const count = Atomics.load(ready, READY);
      if (count === others || !waits || naps * NAP_MS >= START_MS) return count === others;
      if (Atomics.wait(ready, READY, count, NAP_MS) === "timed-out") naps++;
    }
  }

  #post(mail: Mail): void {
    for (const thread of this.#threads) thread.post(mail);
    Atomics.add(this.#words, Word.Mail, 1);
    this.#wake();
  }

  #wake(): void {
    Atomics.add(this.#words, Word.Turn, 1);
    Atomics.notify(this.#words, Word.Turn);
  }

  /** Calls all workers to a program. Those of the call before must have left. */
  call(id: number, program: number): void {
    const words = this.#words;
    this.#isCalled = true;
    Atomics.store(words, Word.Left, 0);
    Atomics.store(words, Word.Space, id);
    Atomics.store(words, Word.Program, program | 0);
    Atomics.add(words, Word.Call, 1);
    this.#wake();
  }

  /** Waits until all workers have left the last call. @returns whether they have, within so many milliseconds */
  leave(patience: number): boolean {
    if (!this.#isCalled) return true;
    const words = this.#words;
    const others = this.parts - 1;
    for (let spin = 0; spin < SPINS; spin++)
      if (Atomics.load(words, Word.Left) === others) return this.#left();
    const isOver = this.maySleep ? undefined : deadline(patience);
    for (let naps = 0; ; ) {
      const left = Atomics.load(words, Word.Left);
      if (left === others) return this.#left();
      if (isOver ? isOver() : naps * NAP_MS >= patience) return false;
      if (!isOver && Atomics.wait(words, Word.Left, left, NAP_MS) === "timed-out") naps++;
    }
  }

  #left(): true {
    this.#isCalled = false;
    return true;
  }

  /** Ends all workers. */
  end(): Promise<unknown> {
    this.#stopLooking();
    this.#ends ??= Promise.all(this.#threads.map((thread) => thread.end())).then(() => {
      this.isGone = true;
    });
    return this.#ends;
  }
}

/** A function that tells whether so many milliseconds are over, whatever the clock does. */
function deadline(ms: number): () => boolean {
  const end = now() + ms;
  let seen = 0;
  let looks = 0;
  return () => {
    const time = now();
    looks = time === seen ? looks + 1 : 0;
    seen = time;
    return time > end || looks > ms * LOOKS_PER_MS;
  };
}
