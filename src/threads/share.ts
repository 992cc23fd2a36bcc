/**
 * Which records are shared out among threads. Sharing one saves what the other parts take over, and costs the barriers that stand
 * around it: so it is worth it for those that take long enough, and for those between them, where that spares barriers.
 *
 * A record that is not shared part 0 computes alone. Where nothing of a stretch is shared, no other thread hears of it.
 */
import { RecordWord } from "../../assembly/abi.ts";
import { barriersOf, type Conflicts, conflictsOf, setFlag } from "../plan/barriers.ts";
import { boundsOf, type Plan, stretchesOf } from "../plan/planned.ts";
import { readTape, type TapeRecord } from "../tape/verify.ts";
import { type Cost, costOf, largestShare } from "./costs.ts";

/** Nanoseconds, as measured. */
export interface Prices {
  /** Where all threads meet. */
  readonly barrier: number;
  /** Waking them for a call that is not a run of many passes. */
  readonly wake: number;
}

/** What is shared of a stretch that runs as one. */
export interface Shared {
  readonly from: number;
  readonly to: number;
  /** Whether any record is. */
  readonly pays: boolean;
  /** Fewest rows from which that pays in a call of its own; Infinity: never. */
  readonly leastRows: number;
  /** Nanoseconds of the stretch with one thread and with all, at the full batch. */
  readonly alone: number;
  readonly together: number;
}

/** A stretch must take this much less time, by the estimate, before others are called. */
const WORTH = 0.9;
/** Estimates of what a part of a record takes are too low: caches are shared, and parts end at different times. */
const LOSSES = 1.12;

/**
 * Decides for each record of a plan, and sets the flags and barriers in its words.
 *
 * @param policy "all": every record is shared, whatever it costs; for tests
 */
export function shareOut(plan: Plan, parts: number, prices: Prices, policy: "pays" | "all"): Shared[] {
  return stretchesOf(plan).map((stretch) => {
    const records = readTape(plan.words, stretch.from, stretch.to, boundsOf(plan, plan.batch));
    const before = conflictsOf(records);
    const alone = policy === "all" ? records.map(() => false) : choose(records, before, parts, prices);
    const waits = barriersOf(before, alone);
    records.forEach(({ at }, i) => {
      setFlag(plan, at, RecordWord.Alone, alone[i]);
      setFlag(plan, at, RecordWord.Barrier, waits[i]);
    });
    return { ...stretch, ...payOff(plan, stretch, alone, waits, parts, prices, policy) };
  });
}

/** Time of a stretch, given which records part 0 computes alone. */
function timeOf(
  costs: readonly Cost[],
  alone: readonly boolean[],
  waits: readonly boolean[],
  parts: number,
  { barrier }: Prices,
): number {
  let ns = 0;
  costs.forEach((cost, i) => {
    ns += alone[i] ? cost.ns : cost.ns * largestShare(cost, parts) * LOSSES;
    if (waits[i]) ns += barrier;
  });
  // To begin and to end.
  return alone.every(Boolean) ? ns : ns + 2 * barrier;
}

/** Rounds over the records of a stretch. */
const ROUNDS = 3;

function choose(records: readonly TapeRecord[], before: Conflicts, parts: number, prices: Prices): boolean[] {
  const costs = records.map(costOf);
  const saves = costs.map((cost) => cost.ns * (1 - largestShare(cost, parts) * LOSSES));
  const alone = saves.map((ns) => !(ns > 2 * prices.barrier));
  const time = () => timeOf(costs, alone, barriersOf(before, alone), parts, prices);
  let best = time();
  for (let round = 0; round < ROUNDS; round++) {
    const last = best;
    records.forEach((_, i) => {
      // What saves much is shared, and what cannot be cut is not, whatever the barriers.
      if (saves[i] > 4 * prices.barrier || (!alone[i] && saves[i] <= 0)) return;
      alone[i] = !alone[i];
      const now = time();
      if (now < best) best = now;
      else alone[i] = !alone[i];
    });
    if (best === last) break;
  }
  const single = costs.reduce((sum, { ns }) => sum + ns, 0);
  return best < single * WORTH ? alone : alone.map(() => true);
}

/** From how many rows on a stretch is worth it, its flags being what they are. */
function payOff(
  plan: Plan,
  { from, to }: Pick<Shared, "from" | "to">,
  alone: readonly boolean[],
  waits: readonly boolean[],
  parts: number,
  prices: Prices,
  policy: "pays" | "all",
): Pick<Shared, "pays" | "leastRows" | "alone" | "together"> {
  const times = (rows: number) => {
    const costs = readTape(plan.words, from, to, boundsOf(plan, rows)).map(costOf);
    return [costs.reduce((sum, { ns }) => sum + ns, 0), timeOf(costs, alone, waits, parts, prices)] as const;
  };
  const [single, together] = times(plan.batch);
  const result = { pays: !alone.every(Boolean), alone: single, together };
  if (!result.pays) return { ...result, leastRows: Number.POSITIVE_INFINITY };
  if (policy === "all") return { ...result, leastRows: 1 };
  let leastRows = Number.POSITIVE_INFINITY;
  for (let rows = plan.batch; rows >= 1; rows = rows === 1 ? 0 : Math.ceil(rows / 2)) {
    const [one, all] = times(rows);
    if (!(all + prices.wake < one * WORTH)) break;
    leastRows = rows;
  }
  return { ...result, leastRows };
}
