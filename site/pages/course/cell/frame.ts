/**
 * The page in the sandboxed frame of a cell: it starts the program in a worker and hands on what that says, as far as it is a message and
 * there is not too much of it. Neither has network, storage or a way to the page around: the frame's origin is nobody's, and the
 * policy below, which the worker inherits, forbids requests.
 */
import { type Message, type Order, readMessage, sizeOf } from "../messages.ts";

/** More than the worker lets through by itself: for programs that post messages of their own. */
const MOST_MESSAGES = 5000;
const MOST_CHARACTERS = 12_000_000;

/** Without a sandbox the program would have the storage of this site: then nothing runs here. */
const isSandboxed = self.origin === "null" && parent !== self;

function close() {
  const policy = document.createElement("meta");
  policy.httpEquiv = "Content-Security-Policy";
  policy.content = "default-src 'none'; script-src blob: 'wasm-unsafe-eval'; worker-src blob:";
  document.head.append(policy);
}

function start(runtime: string, order: Order, port: MessagePort) {
  const url = URL.createObjectURL(new Blob([runtime], { type: "text/javascript" }));
  const worker = new Worker(url);
  const say = (message: Message) => port.postMessage(message);
  let [messages, characters] = [0, 0];
  worker.onmessage = ({ data }) => {
    const message = readMessage(data);
    messages++;
    if (message) characters += sizeOf(message);
    if (messages > MOST_MESSAGES || characters > MOST_CHARACTERS) {
      worker.terminate();
      say({ kind: "failed", what: "it was stopped: it said more than a page can show", line: 0 });
    } else if (message) {
      say(message);
      if (message.kind === "end" || message.kind === "failed") worker.terminate();
    }
  };
  worker.onerror = (event) => {
    event.preventDefault();
    worker.terminate();
    say({ kind: "failed", what: event.message || "the program could not be run", line: 0 });
  };
  worker.postMessage(order);
}

if (isSandboxed) {
  close();
  addEventListener("message", function hear({ source, data, ports: [port] }: MessageEvent) {
    if (source !== parent || !port) return;
    removeEventListener("message", hear);
    try {
      start(data.runtime, data.order, port);
    } catch (error) {
      port.postMessage({
        kind: "failed",
        what: `this browser refuses to run it (${error})`,
        line: 0,
      } satisfies Message);
    }
  });
}
