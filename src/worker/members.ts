/** How each member of a Trainer is reached from another thread: the one table that both sides go by. */
import type { Trainer } from "../train/trainer.ts";
import type { WorkerTrainer } from "./worker-trainer.ts";

/** A call that is made in the worker as it is made here. */
export interface Call {
  readonly kind: "call";
  /** The method there: the form that yields, where there is one, so that others are served meanwhile. */
  readonly method: keyof Trainer;
  /** Which argument has the options that only the caller's side can read: `signal`, `transfer`; none: -1. */
  readonly options: number;
  /** Whether results have `toArray`, which clones lose. */
  readonly gives: "rows" | "data";
  /** Whether it changes the state, which it cannot while a fit is under way; in slices: nor can others while it is. */
  readonly changes?: "at once" | "in slices";
}

export type Member =
  | Call
  /** Never changes: it comes along when the trainer is made. */
  | { readonly kind: "fact" }
  /** A property; of views of the engine's memory come copies. */
  | { readonly kind: "read" }
  /** Written out in `worker-trainer.ts` or `client.ts`. */
  | { readonly kind: "own" };

/** A member that stays in the worker, with what to write instead. */
interface Absent {
  readonly kind: "absent";
  readonly instead: string;
}

const FACT = { kind: "fact" } as const;
const READ = { kind: "read" } as const;
const OWN = { kind: "own" } as const;
/** Not for users. */
const INTERNAL = { kind: "absent", instead: "" } as const;

const call = <M extends keyof Trainer>(method: M, options = -1, gives: Call["gives"] = "data") =>
  ({ kind: "call", method, options, gives }) as const;
const change = <M extends keyof Trainer>(method: M, changes: Call["changes"] = "at once") =>
  ({ ...call(method), changes }) as const;
const absent = (instead: string) => ({ kind: "absent", instead }) as const;

type Reached<K> = K extends keyof WorkerTrainer ? Member : Absent;

/** A member of Trainer that is forgotten here does not compile, nor one that WorkerTrainer has and this table has not. */
export const MEMBERS = {
  labels: FACT,
  columns: FACT,
  steps: READ,
  epochs: READ,
  learningRate: READ,
  preprocessing: READ,
  parameters: READ,
  optimizerState: READ,

  fit: OWN,
  bind: OWN,
  bindAsync: OWN,
  withState: OWN,
  engineInfo: OWN,
  dispose: OWN,
  [Symbol.dispose]: OWN,
  toJSON: OWN,
  __v_skip: OWN,

  predict: call("predictAsync", 1, "rows"),
  predictAsync: call("predictAsync", 1, "rows"),
  evaluate: call("evaluateAsync", 1),
  evaluateAsync: call("evaluateAsync", 1),
  adapt: change("adaptAsync", "in slices"),
  adaptAsync: change("adaptAsync", "in slices"),
  classify: call("classify"),
  step: change("step"),
  gradients: call("gradients", -1, "rows"),
  setLearningRate: call("setLearningRate"),
  setParameters: change("setParameters"),
  reset: change("reset"),
  state: call("state"),
  restore: change("restore"),
  save: call("save"),
  digest: call("digest"),
  summary: call("summary"),
  manifest: call("manifest"),

  fitSync: absent("another thread cannot be waited for: await fit(data, options)"),
  snapshot: absent("write load(await trainer.save())"),
  toModel: absent("write load(await trainer.save()).toModel()"),
  buffers: absent("the rows of another thread cannot be viewed: await predict(x)"),
  run: absent("the rows of another thread cannot be viewed: await predict(x)"),
  stepBuffers: absent("the rows of another thread cannot be viewed: await step(data)"),

  program: INTERNAL,
  close: INTERNAL,
  checkIdle: INTERNAL,
  isBusy: INTERNAL,
  fitHost: INTERNAL,
  fitMemory: INTERNAL,
} as const satisfies { readonly [K in keyof Trainer]: Reached<K> } & {
  readonly [K in keyof WorkerTrainer]: Member;
};

type Name = keyof typeof MEMBERS;

/** The entry of a name that comes from outside. */
export const memberOf = (name: string): Member | Absent | undefined =>
  Object.hasOwn(MEMBERS, name) ? MEMBERS[name as Name] : undefined;
