/** The ledger of a training: which computation it was, and digests of its states, each chained to the one before. Plain data, for JSON. */

/** A state of the training, by its place and its digest. */
export interface LedgerEntry {
  /** `trainer.epochs` of the state. */
  readonly epoch: number;
  /** `trainer.steps` of the state. */
  readonly step: number;
  /** `trainer.digest({ training: true })` of the state: parameters, moments, counters, and what is fitted to data. */
  readonly digest: string;
  /** SHA-256 over the `chain` before it and this entry; that of the first entry, over all that the ledger says beside its entries. */
  readonly chain: string;
}

/** The state that the last fit handed back. */
export interface LedgerEnd extends LedgerEntry {
  /** Rows of the next epoch that were trained on already: more than 0 where `steps` or `lossBelow` ended the fit within an epoch. */
  readonly rows: number;
  /** The bound that the loss met, where that ended the fit. */
  readonly lossBelow?: number;
}

/** Rows as the trainer reads them: inputs, targets and weights, in their order. */
export interface LedgerData {
  readonly rows: number;
  readonly digest: string;
}

/** A state that the ledger keeps, to replay what follows without what came before. */
export interface LedgerState {
  readonly epoch: number;
  /** `trainer.state()` as base64 with `-` and `_`, without padding. */
  readonly state: string;
}

/** What `fit` writes into a ledger of its own. */
export interface LedgerOptions {
  /** Epochs between two entries: those whose number over the life of the trainer is a multiple of this; a whole number >= 1. */
  readonly every: number;
  /** Epochs between two states that are kept, a multiple of `every`. Default: none is kept. */
  readonly keep?: number;
}

export interface Ledger extends LedgerOptions {
  readonly format: 1;
  /** Of the package. */
  readonly version: string;
  /** What `trainer.manifest()` says of the computation, without what changes with every step. */
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly data: LedgerData;
  /** The options of `fit` that the bits depend on; validation rows that were given as data, and groups, by their digest. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The first is the state in which the ledger began. */
  readonly entries: readonly LedgerEntry[];
  /** Missing while a fit is under way, and after one that was aborted or failed. */
  readonly end?: LedgerEnd;
  readonly states?: readonly LedgerState[];
}
