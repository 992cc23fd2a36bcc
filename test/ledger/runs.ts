/** What the tests of ledgers share: a run and its ledger, and changes of it. */
import {
  type FitOptions,
  type Ledger,
  sha256,
  type Trainer,
  type VerifyLedgerOptions,
  verifyLedger,
} from "../../src/index.ts";
import { classes, classifier } from "../fixtures.ts";

export const data = classes(45);
export const others = classes(13, 9);
export const asJson = <T>(value: T): T => JSON.parse(JSON.stringify(value));

/** A ledger by `fitSync`. */
export function ledgerOf(options: FitOptions, make = classifier, rows: object = data): Ledger {
  const { ledger } = make().fitSync(rows as never, options as never);
  return ledger as Ledger;
}

export const plain = ledgerOf({ epochs: 12, ledger: { every: 3, keep: 6 } });

export const verify = (
  ledger: Ledger,
  options?: VerifyLedgerOptions,
  make: () => Trainer = classifier,
  rows: object = data,
) => verifyLedger(make, rows as never, ledger, options as never);

/** The ledger with an entry of another digest. */
export function flipped(ledger: Ledger, index: number): Ledger {
  const copy = asJson(ledger);
  const { digest } = copy.entries[index];
  (copy.entries[index] as { digest: string }).digest = (digest.startsWith("0") ? "1" : "0") + digest.slice(1);
  return copy;
}

/** Makes the chain anew, as docs/determinism.md has it, and as who forges a ledger can. */
export function rechained(given: Ledger): Ledger {
  const ledger = asJson(given);
  const canonical = (value: unknown): string =>
    JSON.stringify(value, (_, entry) =>
      entry === null || typeof entry !== "object" || Array.isArray(entry)
        ? entry
        : Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1))),
    );
  const { entries, end, states, ...head } = ledger;
  let chain = sha256(canonical(head));
  for (const entry of [...entries, ...(end ? [end] : [])] as { chain: string }[]) {
    chain = sha256(canonical({ ...entry, chain }));
    entry.chain = chain;
  }
  return ledger;
}
