/** A memory whose programs several threads run: the kernels of the calling thread, which call the others where it pays. */
import { Control, Header, Run, Section, Status } from "../../assembly/abi.ts";
import type { WorkerError } from "../errors.ts";
import type { Plan } from "../plan/planned.ts";
import type { ProgramCrew, Space, SpaceCrew, ThreadedKernels } from "../runtime/crew.ts";
import type { Host } from "./host.ts";
import { measure } from "./measure.ts";
import type { Pool } from "./pool.ts";
import type { Prices, Shared } from "./share.ts";

/** A program of the memory. */
interface Entry {
  readonly plan: Plan;
  /** Index of the first word of its control block. */
  readonly control: number;
  /** What is shared, by the address of the stretch; decided once with the prices of a pool. */
  shares: ReadonlyMap<number, Shared>;
  decidedFor: Pool | undefined;
  prices: Prices | undefined;
  /** Whether others take part in runs of many passes, and in single steps. */
  runs: boolean;
  steps: boolean;
  /** Whether any stretch may be shared, by the estimate before prices are known. */
  wants: boolean;
  /** The error of an update that was lost half-way. */
  lost: WorkerError | undefined;
}

/** The memory in a pool. It knows no memory, so that a memory can go although somebody waits for its end. */
interface Ticket {
  pool: Pool | undefined;
  id: number;
  ready: Int32Array | undefined;
}

/** An estimate may be this much too low. */
const MANY_TIMES = 50;
/** Milliseconds for those that still work to see that a call is over. */
const LEAVE_MS = 200;

export class Member implements SpaceCrew {
  readonly space: Space;
  readonly leave: () => void;
  readonly #entries = new Map<number, Entry>();
  readonly #ticket: Ticket;
  readonly #i32: Int32Array;
  /** A pool some of whose workers may still write here. */
  #suspect: Pool | undefined;

  constructor(
    private readonly team: Host,
    private readonly memory: WebAssembly.Memory,
    private readonly kernels: ThreadedKernels,
    viewsOf: (memory: WebAssembly.Memory, kernels: ThreadedKernels) => Space,
    ticket: Ticket = { pool: undefined, id: 0, ready: undefined },
  ) {
    this.#ticket = ticket;
    this.leave = leaving(ticket);
    this.#i32 = new Int32Array(memory.buffer);
    const led: ThreadedKernels = {
      ...kernels,
      run: (program, steps) => this.#run(program, steps),
      step: (program) => this.#step(program),
      execute: (program, from, to) => this.#execute(program, from, to),
    };
    this.space = {
      ...viewsOf(memory, led),
      crew: this,
      detachViews: () => {
        // Views of shared memory cannot be ended: they keep what is there now.
        const { byteLength } = memory.buffer;
        const pages = byteLength / 65536;
        const fresh = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
        new Uint8Array(fresh.buffer).set(new Uint8Array(memory.buffer));
        this.leave();
        // With the same ticket: whoever waits for the end of the program has a function that knows this one.
        return new Member(team, fresh, team.settings.instance(fresh), viewsOf, ticket).space;
      },
    };
  }

  adopt(plan: object): ProgramCrew {
    const { base, words } = plan as Plan;
    const shares = this.team.sharesOf(plan as Plan);
    const entry: Entry = {
      plan: plan as Plan,
      control: words[Header.Control] >>> 2,
      shares: mapOf(shares),
      decidedFor: undefined,
      prices: undefined,
      runs: false,
      steps: false,
      wants: shares.some(({ pays }) => pays),
      lost: undefined,
    };
    this.#entries.set(base, entry);
    // The workers start while variables are drawn and data are read.
    if (entry.wants) this.#register();
    return {
      check: (who) => this.#check(who, entry),
      pending: () => this.#pending(entry),
      renew: () => {
        entry.lost = undefined;
      },
    };
  }

  #check(who: string, entry: Entry): void {
    for (const other of this.#entries.values()) {
      const { lost } = other;
      if (!lost || (other !== entry && !reads(entry.plan, other.plan))) continue;
      // What lays a whole state into the program helps, once nobody else writes there.
      if (who === "restore" || who === "reset") {
        this.#checkSuspect(who);
        continue;
      }
      const whose = other === entry ? "" : ", in a program compiled together";
      throw this.team.settings.error(
        `${who}: the state must be whole; got one that a failed worker left half-updated${whose}: restore() a saved state there, or reset()`,
        { stateLost: true, cause: lost },
      );
    }
  }

  #pending({ lost }: Entry): Promise<unknown> | undefined {
    const pool = this.#suspect;
    if (pool && !pool.isGone) return pool.end();
    return lost && Promise.resolve();
  }

  /** Hands the memory to the pool of the team, if there is one that does not have it yet. */
  #register(): Pool | undefined {
    const ticket = this.#ticket;
    const { pool, settings } = this.team;
    if (ticket.pool === pool) return pool;
    ticket.pool = pool;
    if (pool) Object.assign(ticket, pool.add(settings.module, this.memory, settings.keepsOrder));
    return pool;
  }

  /** The entry of a program, if all workers can take part in it now. */
  #ready(program: number, isLong = false): Entry | undefined {
    this.#checkSuspect("threads");
    const entry = this.#entries.get(program);
    if (!entry?.wants) return undefined;
    const pool = this.#register();
    const { ready } = this.#ticket;
    if (!pool || !ready || !pool.isReady(ready, this.team.hooks.waits)) return undefined;
    const isDue = this.team.isDue(isLong);
    if (entry.decidedFor !== pool || entry.prices !== this.team.prices || isDue)
      this.#decide(entry, pool, isDue);
    return entry;
  }

  #decide(entry: Entry, pool: Pool, isDue: boolean): void {
    const { team } = this;
    const { plan } = entry;
    if (isDue)
      team.measured(
        measure((times) =>
          this.#call(entry, () =>
            this.kernels.rehearse(plan.base, times) ? Status.Ok : Status.WorkerFailed,
          ),
        ),
      );
    const prices = team.prices as Prices;
    entry.prices = prices;
    entry.decidedFor = pool;
    const words = this.#i32.subarray(plan.base >>> 2, (plan.base >>> 2) + plan.words.length);
    const shares = team.share({ ...plan, words });
    entry.shares = mapOf(shares);
    const train = shares.slice(1, 1 + (plan.train?.sections.length ?? 0)).filter(({ pays }) => pays);
    const saved = train.reduce((sum, { alone, together }) => sum + alone - together, 0);
    entry.runs = train.length > 0;
    entry.steps = entry.runs && (team.hooks.policy === "all" || saved > 2 * prices.wake);
  }

  #run(program: number, steps: number): number {
    const entry = this.#ready(program, true);
    if (!entry?.runs) return this.kernels.run(program, steps);
    return this.#call(entry, () => this.kernels.run(program, steps));
  }

  #step(program: number): number {
    const entry = this.#ready(program);
    if (!entry?.steps) return this.kernels.step(program);
    return this.#call(entry, () => this.kernels.step(program));
  }

  #execute(program: number, from: number, to: number): void {
    const entry = this.#ready(program);
    if (!entry) {
      this.kernels.execute(program, from, to, 0, 1);
      return;
    }
    // Forward and backward may be asked for as one: what is shared, and where it waits, was decided of each.
    for (let at = from; at < to; ) {
      const shared = entry.shares.get(at);
      const end = shared && shared.to <= to ? shared.to : to;
      this.#stretch(entry, program, at, end, shared);
      at = end;
    }
  }

  #stretch(entry: Entry, program: number, from: number, to: number, shared: Shared | undefined): void {
    if (!shared || shared.to !== to || this.#rows(entry) < shared.leastRows) {
      this.kernels.execute(program, from, to, 0, 1);
      return;
    }
    const writesState =
      entry.plan.train?.sections.some((s) => s.section >= Section.Accumulate && s.from === from) ?? false;
    this.#call(entry, () =>
      this.kernels.lead(program, from, to)
        ? Status.Ok
        : writesState
          ? Status.WorkerFailedInUpdate
          : Status.WorkerFailed,
    );
  }

  /**
   * Calls the others to a program, and does `fn` with them.
   *
   * @returns the status that `fn` gave
   * @throws WorkerError where one of them failed
   */
  #call(entry: Entry, fn: () => number): number {
    const { team } = this;
    const i32 = this.#i32;
    const { control, plan } = entry;
    const pool = this.#ticket.pool as Pool;
    const patience = this.#patience(entry);
    if (!pool.leave(patience)) throw this.#failed(entry, pool, false);
    i32[control + Control.Arrived] = 0;
    i32[control + Control.LeaderSleeps] = 0;
    i32[control + Control.Failed] = 0;
    i32[control + Control.TextBytes] = 0;
    i32[control + Control.Parts] = team.settings.parts;
    i32[control + Control.MaySleep] = team.maySleep ? 1 : 0;
    i32[control + Control.Patience] = patience;
    i32[control + Control.Spins] = team.spins;
    i32[control + Control.End] = 0;
    Atomics.store(i32, control + Control.Start, i32[control + Control.Phase]);
    pool.call(this.#ticket.id, plan.base);
    team.calls++;
    let status: number;
    try {
      status = fn();
    } finally {
      // The kernels run alone until the next call.
      i32[control + Control.Parts] = 0;
      Atomics.store(i32, control + Control.End, 1);
      Atomics.add(i32, control + Control.Phase, 1);
      Atomics.notify(i32, control + Control.Phase);
    }
    if (status === Status.WorkerFailed || status === Status.WorkerFailedInUpdate)
      throw this.#failed(entry, pool, status === Status.WorkerFailedInUpdate);
    return status;
  }

  /** Milliseconds without progress of any other thread after which it counts as dead. */
  #patience({ shares }: Entry): number {
    let longest = 0;
    for (const { alone } of shares.values()) longest = Math.max(longest, alone);
    return Math.min(0x40000000, Math.ceil(this.team.hooks.patienceMs + (longest * MANY_TIMES) / 1e6));
  }

  /** What becomes of a call in which a worker failed, or does not answer: the next one gets new workers. */
  #failed(entry: Entry, pool: Pool, stateLost: boolean): WorkerError {
    const i32 = this.#i32;
    const part = Atomics.load(i32, entry.control + Control.Failed);
    const text = part ? this.#text(entry) : "";
    const first = text.split("\n", 1)[0];
    const got = part ? `${first} in worker ${part}` : `no sign of one for ${this.#patience(entry)} ms`;
    // Those that work still see that the call is over and leave it.
    const haveLeft = pool.leave(LEAVE_MS);
    if (!haveLeft) this.#suspect = pool;
    void pool.end();
    const cause = new Error(first || "a worker does not answer");
    if (text) cause.stack = text;
    const error = this.team.settings.error(
      `threads: workers must do their parts; got ${got}: ` +
        (stateLost
          ? "the update was lost half-way: restore() a saved state, or reset()"
          : "the state is that of before the call's last pass, and the next call starts new workers"),
      { stateLost, cause },
    );
    if (stateLost) entry.lost = error;
    return error;
  }

  #text({ control }: Entry): string {
    const i32 = this.#i32;
    const { parts } = this.team.settings;
    const bytes = new Uint8Array(
      i32.buffer,
      (control + Control.Parties + Control.PartyWords * parts) * 4,
      Math.min(Control.TextRoom, Atomics.load(i32, control + Control.TextBytes)),
    );
    return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  }

  /** @throws WorkerError while a worker that did not answer may still write here */
  #checkSuspect(who: string): void {
    if (this.#suspect && !this.#suspect.isGone)
      throw this.team.settings.error(
        `${who}: workers that were given up must have ended before the program goes on; got a call before that: ` +
          "await new Promise((resolve) => setTimeout(resolve, 1000)) first; fit and the other asynchronous calls wait by themselves",
        { stateLost: false },
      );
    this.#suspect = undefined;
  }

  #rows({ plan }: Entry): number {
    return this.#i32[(plan.layout.at("run") >>> 2) + Run.Rows];
  }
}

/** Empty stretches have the address of another. */
const mapOf = (shares: readonly Shared[]) =>
  new Map(shares.filter(({ from, to }) => from < to).map((shared) => [shared.from, shared]));

/** Whether a program reads variables that another one of the memory updates. */
const reads = (plan: Plan, owner: Plan): boolean => {
  const owned = new Set(
    owner.variables
      .filter(({ isForeign, role }) => !isForeign && role !== "frozen")
      .map(({ offset }) => offset),
  );
  return plan.variables.some(({ isForeign, offset }) => isForeign && owned.has(offset));
};

/** A function of its own, so that it keeps nothing but the ticket. */
const leaving = (ticket: Ticket) => () => {
  ticket.pool?.drop(ticket.id);
  ticket.pool = undefined;
};
