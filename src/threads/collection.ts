/** Memories come back when every thread that has one has collected it, which threads that only compute never do by themselves. */

/** After so many memories a collection is asked for: engines reserve 10 GB of addresses for each, and some have 1 TB of them. */
const MOST_MEMORIES = 16;
const MOST_BYTES = 1 << 27;
/** What is allocated to ask for one. Nobody writes to it, so the system gives it no pages. */
const PRESSURE_ARRAYS = 4;
const PRESSURE_BYTES = 1 << 26;

/** Asks for collections: engines do not count shared memories, but collect when much else is allocated. */
export class Collection {
  #memories = 0;
  #bytes = 0;

  /** Counts a memory that may be collected by now, or takes the place of some that may. */
  count(bytes: number): void {
    this.#bytes += bytes;
    if (++this.#memories < MOST_MEMORIES && this.#bytes < MOST_BYTES) return;
    this.#memories = 0;
    this.#bytes = 0;
    try {
      for (let i = 0; i < PRESSURE_ARRAYS; i++) new ArrayBuffer(PRESSURE_BYTES);
    } catch {
      // Where there is too little to allocate them, the engine has collected before it said so.
    }
  }
}
