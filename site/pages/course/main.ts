/**
 * A lesson's page. Its text and program are there without this; here are the buttons, and what `?embed` and `?hide=text,code,output,nav`
 * leave out for frames. The editor is loaded when the program gets focus, all that runs it when it is run.
 */
import "./course.css";
import type { Run } from "./cell.ts";
import type { Editor } from "./editor.ts";

const PARTS = ["text", "code", "output", "nav"];

function hideParts() {
  const wishes = new URLSearchParams(location.search);
  const hidden = (wishes.get("hide") ?? "").split(",").filter((part) => PARTS.includes(part));
  document.documentElement.dataset.hide = hidden.join(" ");
  document.documentElement.toggleAttribute("data-embed", wishes.has("embed"));
}

const find = <E extends HTMLElement>(selector: string) => document.querySelector(selector) as E;

function startCell() {
  const code = find(".code");
  const output = find(".output");
  const status = find("#status");
  const [runButton, stopButton, resetButton] = ["#run", "#stop", "#reset"].map(find<HTMLButtonElement>);
  const title = find("#program").textContent;
  const original = code.querySelector("code")?.textContent ?? "";
  let editor: Editor | undefined;
  let asked: Promise<Editor> | undefined;
  let running: Run | undefined;
  let text = original;

  const say = (what: string, tone = "") => {
    status.textContent = what;
    status.className = tone;
  };
  const setRunning = (run: Run | undefined) => {
    running = run;
    // A disabled button would lose the focus.
    stopButton.setAttribute("aria-disabled", `${!run}`);
  };

  /** The editor, in place of the text, once it is loaded. */
  async function edit() {
    asked ??= import("./editor.ts").then(({ editIn }) => {
      const isHere = code.contains(document.activeElement);
      editor = editIn(code, text, runProgram);
      code.classList.add("live");
      if (isHere) editor.focus();
      return editor;
    });
    try {
      await asked;
    } catch {
      asked = undefined;
      say("The editor could not be loaded. The program can still be run as it is.", "bad");
    }
  }

  async function start() {
    running?.stop();
    editor?.mark(0);
    const mine: Run = { stop: () => {} };
    setRunning(mine);
    say("Loading the engine ..");
    const [{ run }, { outputTo }] = await Promise.all([import("./cell.ts"), import("./output.ts")]);
    if (running !== mine) return;
    const show = outputTo(output);
    let [checks, held] = [0, 0];
    let cut = "";
    let isEmpty = true;
    say("Running ..");
    const width = Math.round(Math.min(640, Math.max(300, output.clientWidth)));
    text = editor?.text ?? text;
    const current = run(text, width, (message) => {
      if (running !== current) return;
      // What the run before printed stays until there is something else, so that the page does not jump.
      if (isEmpty && (message.kind === "end" || message.kind === "failed")) output.replaceChildren();
      if (message.kind === "cut") cut = ` ${message.why}`;
      else if (message.kind === "end") {
        setRunning(undefined);
        const claims = checks ? `, ${held} of ${checks} checks hold` : "";
        say(`Finished in ${message.seconds.toFixed(2)} s${claims}.${cut}`, held === checks ? "good" : "bad");
      } else if (message.kind === "failed") {
        setRunning(undefined);
        const place = message.line ? `Line ${message.line}: ` : "It ended with an error: ";
        say(`${place}${message.what}${cut}`, "bad");
        editor?.mark(message.line);
      } else {
        if (message.kind === "check") {
          checks++;
          if (message.holds) held++;
        }
        // The page says that itself.
        if (message.kind === "heading" && message.title === title) return;
        isEmpty = false;
        show(message);
      }
    });
    setRunning(current);
  }

  function runProgram() {
    start().catch(() => {
      setRunning(undefined);
      say("What runs the program could not be loaded. Is the connection gone? Then reload the page.", "bad");
    });
  }

  runButton.addEventListener("click", runProgram);
  stopButton.addEventListener("click", () => {
    if (!running) return;
    running.stop();
    setRunning(undefined);
    say("Stopped.");
  });
  resetButton.addEventListener("click", () => {
    running?.stop();
    setRunning(undefined);
    text = original;
    editor?.set(original);
    editor?.mark(0);
    output.replaceChildren();
    say("The program is as it was.");
  });
  code.addEventListener("focusin", edit);
  code.addEventListener("pointerdown", edit);
}

hideParts();
if (document.querySelector(".code")) startCell();
