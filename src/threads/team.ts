/** The threads of an engine, as its programs see them: a pool that is started for the first program which it pays for. */
import { Control, Header } from "../../assembly/abi.ts";
import { describe } from "../describe.ts";
import type { Plan } from "../plan/planned.ts";
import type { Crew, Space, ThreadedKernels } from "../runtime/crew.ts";
import type { Kernels } from "../runtime/kernels.ts";
import { Collection } from "./collection.ts";
import { cores } from "./cores.ts";
import type { Host, TeamHooks, TeamSettings } from "./host.ts";
import { lower, now, UNMEASURED } from "./measure.ts";
import { Member } from "./member.ts";
import { Pool } from "./pool.ts";
import { type Prices, type Shared, shareOut } from "./share.ts";

/** Pools in a row that did not work, after which no other is tried. */
const MOST_FAILURES = 3;
const LINE_BYTES = 64;
/**
 * How often a thread looks for the others before it sleeps: some 200 us where each has a core, several times what it takes to wake
 * one. With less, two threads that have slept once never meet awake again: each sleeps while the other wakes. Where threads share
 * cores, who only looks keeps another from the work that it waits for.
 */
const SPINS = { own: 200_000, shared: 2000 };
/** From the first measurement to the second one; each further period is twice as long. */
const FIRST_PERIOD_MS = 250;

/** It knows no team, so that a team can be collected although its workers run. */
interface Own {
  pool: Pool | undefined;
}

/** Ends the workers of engines that were let go without `dispose`. */
const collected = new FinalizationRegistry<Own>(({ pool }) => void pool?.end());

export class Team implements Crew, Host {
  readonly parts: Crew["parts"];
  readonly maySleep = maySleep();
  readonly spins: number;
  readonly hooks: TeamHooks = { policy: "pays", patienceMs: 10_000, waits: false };
  /** Calls that others took part in. */
  calls = 0;
  prices: Prices | undefined;
  /** The measurement before the last one. */
  #before: Prices | undefined;
  /** Of the present pool. */
  #measurements = 0;
  /** When the next is due, and milliseconds until the one after it. */
  #due = 0;
  #period = FIRST_PERIOD_MS;
  /** What is left to do when nobody has the team any more. */
  readonly #own: Own = { pool: undefined };
  #failures = 0;
  readonly #made = new Collection();
  #why: string | undefined;
  #isDisposed = false;
  readonly #shares = new WeakMap<Plan, readonly Shared[]>();

  constructor(readonly settings: TeamSettings) {
    collected.register(this, this.#own);
    const { parts: count, why } = settings;
    this.#why = why;
    this.spins = count <= cores() ? SPINS.own : SPINS.shared;
    this.parts = {
      count,
      controlBytes: (Control.Parties + Control.PartyWords * count) * 4 + Control.TextRoom + LINE_BYTES,
      setBarriers: (plan) => {
        const { words, layout } = plan as Plan;
        // Such a plan is only good for saying how large it is.
        const shares = fits(plan as Plan) ? this.share(plan as Plan) : [];
        this.#shares.set(plan as Plan, shares);
        // The machine asks for nobody else where there is none.
        words[Header.Control] = shares.some(({ pays }) => pays)
          ? Math.ceil(layout.at("control") / LINE_BYTES) * LINE_BYTES
          : 0;
      },
    };
  }

  join(
    who: string,
    memory: WebAssembly.Memory,
    kernels: Kernels,
    viewsOf: (memory: WebAssembly.Memory, kernels: Kernels) => Space,
  ): Space {
    if (this.#isDisposed)
      throw this.settings.disposed(
        `${who}: the engine must not be disposed; got a program for one after dispose()`,
      );
    this.#made.count(memory.buffer.byteLength);
    return new Member(this, memory, kernels as ThreadedKernels, viewsOf).space;
  }

  /** Decides what is shared of a plan, in its words. */
  share(plan: Plan): Shared[] {
    const { count } = this.parts;
    const shared = shareOut(plan, count, this.prices ?? UNMEASURED, this.hooks.policy);
    this.hooks.decided?.(plan);
    return shared;
  }

  /** What was decided of a plan before anything was measured. */
  sharesOf(plan: Plan): readonly Shared[] {
    return this.#shares.get(plan) ?? [];
  }

  /** The pool, started if there is none; undefined where there can be none. */
  get pool(): Pool | undefined {
    if (this.#isDisposed || this.#why !== undefined) return undefined;
    const { pool } = this.#own;
    if (pool?.works) return pool;
    if (pool) {
      this.#failures++;
      if (this.#failures >= MOST_FAILURES) {
        this.#why = `its workers could not be started or kept ending: ${textOf(pool.why)}`;
        return undefined;
      }
    }
    const { parts, factory } = this.settings;
    this.#own.pool = new Pool(parts, factory, this.maySleep);
    this.prices = undefined;
    this.#before = undefined;
    this.#measurements = 0;
    this.#period = FIRST_PERIOD_MS;
    return this.#own.pool;
  }

  isDue(isLong: boolean): boolean {
    return !this.prices || ((isLong || this.#measurements < 2) && now() >= this.#due);
  }

  measured(prices: Prices): void {
    const lowest = this.#before ? lower(this.#before, prices) : prices;
    // Programs decide anew where they are others.
    if (!this.prices || !areClose(lowest, this.prices)) this.prices = lowest;
    this.#before = prices;
    this.#measurements++;
    this.#due = now() + this.#period;
    this.#period *= 2;
    // Pools work: what failed before does not count.
    this.#failures = 0;
  }

  info(): ReturnType<Crew["info"]> {
    const { parts: wanted } = this.settings;
    const why = this.#isDisposed ? "the engine was disposed" : this.#why;
    if (why === undefined) return { threads: wanted, wanted };
    return {
      threads: 1,
      wanted,
      why,
    };
  }

  dispose(): void {
    this.#isDisposed = true;
    void this.#own.pool?.end();
  }
}

/** What an address of 32 bits reaches: beyond, addresses of the plan have wrapped. */
const MOST_BYTES = 0x1_0000_0000;

const fits = ({ end, variables }: Plan): boolean =>
  end <= MOST_BYTES && variables.every(({ offset, elements }) => offset + elements * 4 <= MOST_BYTES);

/** Whether nothing would be decided in another way that matters. */
const areClose = (a: Prices, b: Prices): boolean =>
  (["barrier", "wake"] as const).every((name) => a[name] < 1.5 * b[name] && b[name] < 1.5 * a[name]);

const textOf = (why: unknown) =>
  why instanceof Error ? why.message : typeof why === "string" ? why : describe(why);

/** Whether this thread may sleep for others: the main thread of a page may not. */
function maySleep(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0);
    return true;
  } catch {
    return false;
  }
}
