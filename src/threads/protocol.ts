/** What an engine and its workers say to each other: messages while a worker is in its event loop, words while it sleeps. */

/** Words that all workers of a pool share with whoever calls. */
export enum Word {
  /** raised by one whenever there is something to see */
  Turn = 0,
  /** calls made so far */
  Call,
  /** messages posted to each worker so far */
  Mail,
  /** the call at hand: number of the space and address of the program in it */
  Space,
  Program,
  /** workers that run the script */
  Started,
  /** on a line of its own: workers that are done with the call */
  Left = 16,
  Count = 32,
}

/** Of a space: how many workers have an instance over it. */
export const READY = 0;

export interface Hello {
  readonly words: Int32Array;
  /** From 1 on: 0 is the thread that calls. */
  readonly part: number;
  readonly parts: number;
}

/** A memory to work in, or one to forget. */
export type Mail =
  | {
      readonly space: number;
      readonly module: WebAssembly.Module;
      readonly memory: WebAssembly.Memory;
      readonly ready: Int32Array;
      readonly keepsOrder: boolean;
    }
  | { readonly drop: number };

/** What a worker posts: that it runs, or why it cannot go on. */
export type Reply = { readonly hello: number } | { readonly failed: string };
