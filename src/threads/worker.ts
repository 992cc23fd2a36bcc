/**
 * What a thread beside the calling one does. Between calls it sleeps where a word tells of the next one; for a message, which says
 * what memory to work in, it goes back to its event loop. A script of its own that imports nothing.
 */
import { Control, Header } from "../../assembly/abi.ts";
import { Collection } from "./collection.ts";
import { type Hello, type Mail, READY, type Reply, Word } from "./protocol.ts";

/** How often it looks for the next call before it sleeps: about as long as a caller takes between small calls. */
const SPINS = 5000;

interface Port {
  onmessage: ((event: { readonly data: Hello | Mail }) => void) | null;
  postMessage(reply: Reply): void;
}

interface Scope extends Port {
  readonly process?: { getBuiltinModule?(name: "worker_threads"): { readonly parentPort: Port | null } };
}

interface Space {
  readonly follow: (program: number, part: number, parts: number) => void;
  readonly i32: Int32Array;
}

const scope = globalThis as unknown as Scope;
const port = scope.process?.getBuiltinModule?.("worker_threads").parentPort ?? scope;

let words: Int32Array;
let part = 0;
let parts = 0;
let read = 0;
let served = 0;
const spaces = new Map<number, Space>();
const dropped = new Collection();

port.onmessage = ({ data }) => {
  if ("words" in data) {
    ({ words, part, parts } = data);
    Atomics.add(words, Word.Started, 1);
    port.postMessage({ hello: part });
  } else {
    read++;
    if ("drop" in data) drop(data.drop);
    else take(data);
  }
  serve();
};

function drop(id: number): void {
  const space = spaces.get(id);
  if (!space) return;
  spaces.delete(id);
  dropped.count(space.i32.byteLength);
}

function take({ space, module, memory, ready, keepsOrder }: Exclude<Mail, { drop: number }>): void {
  try {
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    const { follow, setKeepsOrder } = exports as unknown as Space & { setKeepsOrder(value: boolean): void };
    setKeepsOrder(keepsOrder);
    spaces.set(space, { follow, i32: new Int32Array(memory.buffer) });
    Atomics.add(ready, READY, 1);
    Atomics.notify(ready, READY);
  } catch (error) {
    port.postMessage({ failed: textOf(error) });
  }
}

/** Takes part in calls until there is a message to read. */
function serve(): void {
  for (;;) {
    const turn = Atomics.load(words, Word.Turn);
    if (Atomics.load(words, Word.Mail) !== read) return;
    const call = Atomics.load(words, Word.Call);
    if (call !== served) {
      served = call;
      follow(Atomics.load(words, Word.Space), Atomics.load(words, Word.Program));
      Atomics.add(words, Word.Left, 1);
      Atomics.notify(words, Word.Left);
      continue;
    }
    let spin = 0;
    while (spin < SPINS && Atomics.load(words, Word.Turn) === turn) spin++;
    if (spin === SPINS) Atomics.wait(words, Word.Turn, turn);
  }
}

function follow(id: number, program: number): void {
  const space = spaces.get(id);
  if (!space) return;
  try {
    space.follow(program >>> 0, part, parts);
  } catch (error) {
    fail(space, program >>> 0, textOf(error));
  }
}

/** Leaves the text where the one who calls will find it, who may be waiting. */
function fail({ i32 }: Space, program: number, text: string): void {
  const control = i32[(program >>> 2) + Header.Control] >>> 2;
  const at = (control + Control.Parties + Control.PartyWords * parts) * 4;
  let count = 0;
  // By code units of 8 bits: the text is one of an engine.
  const bytes = new Uint8Array(i32.buffer, at, Control.TextRoom);
  for (; count < text.length && count < Control.TextRoom; count++) bytes[count] = text.charCodeAt(count);
  if (Atomics.compareExchange(i32, control + Control.Failed, 0, part) === 0)
    Atomics.store(i32, control + Control.TextBytes, count);
  Atomics.notify(i32, control + Control.Arrived);
}

function textOf(error: unknown): string {
  return error instanceof Error ? `${error.stack ?? error}` : `${error}`;
}
