/** Lessons in cells of every browser: the numbers are those of Node, and nothing leaves a cell. */
import words from "../../../test/lessons/words.json" with { type: "json" };
import { linesOfOutput, wordsOf } from "../../../test/lessons/words.mjs";
import { escapes, WAYS } from "../escapes.mjs";
import { until } from "../until.mjs";

export const path = "course/chain-rule/";
export const seconds = 240;

/** Asked for within pages alone: Node 20 reads no TypeScript. */
let run;
let outputTo;

/** Runs a program to its end. */
function finish(text) {
  const output = document.createElement("div");
  const show = outputTo(output);
  return new Promise((resolve) => {
    run(text, 480, (message) => {
      if (message.kind === "end" || message.kind === "failed") resolve({ output, last: message });
      else if (message.kind !== "heading" && message.kind !== "cut") show(message);
    });
  });
}

async function programOf(topic) {
  const response = await fetch(`../${topic}/`);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  return page.querySelector(".code code").textContent;
}

export default async (check) => {
  ({ run } = await import("../../pages/course/cell.ts"));
  ({ outputTo } = await import("../../pages/course/output.ts"));

  for (const [topic, expected] of Object.entries(words))
    await check(`${topic} prints the numbers of Node`, async () => {
      const { output, last } = await finish(await programOf(topic));
      if (last.kind !== "end") throw new Error(`line ${last.line}: ${last.what}`);
      const got = wordsOf(linesOfOutput(output));
      const at = expected.split(" ").findIndex((word, i) => word !== got[i]);
      if (at >= 0 || got.length !== expected.split(" ").length)
        throw new Error(
          `word ${at}: ${got.slice(at - 5, at + 5).join(" ")}; Node: ${expected
            .split(" ")
            .slice(at - 5, at + 5)
            .join(" ")}`,
        );
      const plots = (await programOf(topic)).match(/^\s*(curve|square)\(/gm)?.length ?? 0;
      if (output.querySelectorAll("figure svg path").length < plots) throw new Error("a plot is missing");
    });

  await check("the editor takes the place of the text, and the focus", async () => {
    const text = document.querySelector(".code code").textContent;
    const pre = document.querySelector(".code pre");
    pre.focus();
    // Where the window itself has no focus, nothing in it gets an event of it.
    pre.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
    await until("the editor, with the focus", () => {
      const { shadowRoot } = document.querySelector(".code.live > div") ?? {};
      return shadowRoot?.activeElement;
    });
    const lines = [...document.querySelector(".code > div").shadowRoot.querySelectorAll(".cm-line")];
    if (!text.startsWith(lines.map(({ textContent }) => textContent).join("\n")))
      throw new Error(lines.length);
    if (getComputedStyle(lines[0]).paddingLeft !== "8px") throw new Error("it has no styles");
  });

  await check("nothing leaves a cell", async () => {
    const site = new URL("../../", location.href).href;
    const { output, last } = await finish(escapes(site));
    const lines = output.textContent.split("\n");
    if (last.kind !== "end") throw new Error(`line ${last.line}: ${last.what}`);
    if (lines.length !== WAYS + 1 || lines.at(-1) !== "origin: null") throw new Error(output.textContent);
    for (const line of lines.slice(0, -1)) if (!line.endsWith(": refused")) throw new Error(line);
  });

  await check("a loop without end can be stopped, and another program run", async () => {
    await new Promise((resolve) => {
      const endless = run('console.log("in it"); while (true);', 480, (message) => {
        endless.stop();
        resolve(message);
      });
    });
    if (document.querySelector("iframe")) throw new Error("the frame is still there");
    const { output } = await finish('console.log(await Promise.resolve("after"));');
    if (output.textContent !== "after") throw new Error(output.textContent);
  });

  await check("an error names the line of the program", async () => {
    const { last } = await finish("const a = 1;\n\nfunction f() {\n  null.x;\n}\nf();");
    if (last.kind !== "failed" || last.line !== 4) throw new Error(JSON.stringify(last));
  });
};
