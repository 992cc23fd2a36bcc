/** A cell, from outside: a sandboxed frame of `course/cell/` for each run, which ends with it. */
import { type Message, readMessage } from "./messages.ts";
import { TextError, transpile } from "./transpile.ts";

const texts = new Map<string, Promise<string>>();

/** The text of a file of `course/cell/`, asked for once. */
function textOf(file: string): Promise<string> {
  let text = texts.get(file);
  if (!text) {
    text = fetch(`../cell/${file}`).then((response) => {
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      return response.text();
    });
    texts.set(file, text);
    text.catch(() => texts.delete(file));
  }
  return text;
}

function makeFrame(): Promise<HTMLIFrameElement> {
  const frame = document.createElement("iframe");
  frame.sandbox.add("allow-scripts");
  frame.src = "../cell/";
  frame.title = "Where the program runs; it shows nothing";
  frame.hidden = true;
  document.body.append(frame);
  return new Promise((resolve) => frame.addEventListener("load", () => resolve(frame), { once: true }));
}

/** A program that runs. */
export interface Run {
  /** Ends it, also within a loop without end. */
  stop(): void;
}

/**
 * Runs a program, and tells what it says; the last message is `end` or `failed`, unless it is stopped.
 *
 * @param width of plots in pixels
 */
export function run(text: string, width: number, hear: (message: Message) => void): Run {
  let frame: HTMLIFrameElement | undefined;
  let isOver = false;
  const stop = () => {
    isOver = true;
    frame?.remove();
  };
  const fail = (what: string, line = 0) => {
    if (!isOver) hear({ kind: "failed", what, line });
    stop();
  };
  const start = async () => {
    const { code, modules } = transpile(text);
    const files = modules.map((name) => `modules/${name}.js`);
    const [made, runtime, ...parts] = await Promise.all([
      makeFrame(),
      textOf("worker.js"),
      ...files.map(textOf),
    ]);
    frame = made;
    if (isOver) return stop();
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => {
      const message = readMessage(data);
      if (isOver || !message) return;
      if (message.kind === "end" || message.kind === "failed") stop();
      hear(message);
    };
    const order = { code, modules: Object.fromEntries(modules.map((name, i) => [name, parts[i]])), width };
    made.contentWindow?.postMessage({ runtime, order }, "*", [port2]);
  };
  start().catch((error) =>
    error instanceof TextError
      ? fail(error.message, error.line)
      : fail(
          `what it needs could not be loaded (${error.message}); is the connection gone? Then run it again`,
        ),
  );
  return { stop };
}
