/** Pages of lessons: what is there before anything runs, the editor, runs with all that may go wrong, frames of teachers. */
import { strict as assert } from "node:assert";
import { gzipSync } from "node:zlib";
import { lessons } from "../../../scripts/lessons.mjs";
import words from "../../../test/lessons/words.json" with { type: "json" };
import { linesOfOutput, wordsOf } from "../../../test/lessons/words.mjs";
import { addAxe, violationsIn } from "../axe.mjs";

const WEIGHT = 15 * 1024;

const statusOf = (page) => page.$eval("#status", ({ textContent }) => textContent);
const says = (page, pattern) =>
  page.waitForFunction(
    (source) => new RegExp(source).test(document.querySelector("#status").textContent),
    { timeout: 60_000 },
    pattern,
  );
const ENDED = "^(Finished|Line|It ended)";
const isIn = (page, selector) =>
  page.evaluate((wanted) => document.activeElement?.closest(wanted) !== null, selector);

/** The editor, with the focus in it. */
async function edit(page) {
  await page.focus(".code pre");
  await page.waitForFunction(() => document.querySelector(".code.live > div")?.shadowRoot.activeElement);
}
async function write(page, program) {
  if (!(await page.$(".code.live"))) await edit(page);
  await page.evaluate(() =>
    document.querySelector(".code > div").shadowRoot.querySelector(".cm-content").focus(),
  );
  await page.keyboard.down("Control");
  await page.keyboard.press("a");
  await page.keyboard.up("Control");
  await page.keyboard.sendCharacter(program);
}
async function runs(page, program) {
  await write(page, program);
  await page.click("#run");
  await says(page, ENDED);
  return statusOf(page);
}
const outputOf = (page) => page.$eval(".output", ({ textContent }) => textContent);

export default async ({ browser, open, url, check, faults }) => {
  for (const { topic, code } of lessons())
    await check(`${topic} runs in its page, and prints what it does in Node`, async () => {
      const page = await open(`course/${topic}/`);
      await page.click("#run");
      await says(page, ENDED);
      const claims = words[topic].split(" ").filter((word) => word === "✓").length;
      const status = await statusOf(page);
      assert.ok(status.includes(`, ${claims} of ${claims} checks hold.`), status);
      const got = wordsOf(await page.$eval(".output", linesOfOutput));
      assert.equal(got.join(" "), words[topic]);
      const plots = code.match(/^\s*(curve|square)\(/gm)?.length ?? 0;
      assert.ok((await page.$$(".plot svg path")).length >= plots);
      await page.close();
    });

  await check(
    "a lesson weighs at most 15 KB before it is run or edited, and loads neither editor nor engine",
    async () => {
      for (const { topic } of lessons()) {
        const page = await browser.newPage();
        const bodies = [];
        page.on("response", (response) =>
          bodies.push(response.buffer().then((body) => [response.url(), body])),
        );
        await page.goto(`${url}course/${topic}/`, { waitUntil: "networkidle0" });
        const files = await Promise.all(bodies);
        const weight = files.reduce((sum, [, body]) => sum + gzipSync(body).length, 0);
        const list = files
          .map(([name, body]) => `${name.slice(url.length)} ${gzipSync(body).length}`)
          .join("\n");
        assert.ok(weight <= WEIGHT, `${topic}: ${weight} bytes\n${list}`);
        assert.ok(!/editor|cell|sucrase|wasm/.test(list), list);
        await page.close();
      }
    },
  );

  await check("without JavaScript derivation and program can be read", async () => {
    const page = await browser.newPage();
    await page.setJavaScriptEnabled(false);
    await page.goto(`${url}course/adam/`);
    const text = await page.evaluate(() => document.querySelector("main").textContent);
    for (const part of ["What Adam corrects", "import { adam, compile", "npm run lesson -- adam"])
      assert.ok(text.includes(part), part);
    for (const part of ["#run", ".hint"])
      assert.equal(await page.$eval(part, (element) => element.checkVisibility()), false, part);
    await page.close();
  });

  await check("by keyboard: into the editor, run, out of it again", async () => {
    const page = await open("course/chain-rule/");
    await edit(page);
    await page.keyboard.down("Control");
    await page.keyboard.press("Home");
    await page.keyboard.up("Control");
    await page.keyboard.type('console.log("first");\n');
    await page.keyboard.down("Control");
    await page.keyboard.press("Enter");
    await page.keyboard.up("Control");
    await says(page, ENDED);
    assert.match(await outputOf(page), /^first/);
    assert.ok(await isIn(page, ".code"), "the focus stays in the editor");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Tab");
    assert.ok(await isIn(page, "#run"), "Escape, then Tab goes on to Run");
    await page.keyboard.down("Shift");
    await page.keyboard.press("Tab");
    await page.keyboard.up("Shift");
    assert.ok(await isIn(page, ".code"), "and back");
    await page.close();
  });

  await check("Reset brings the program back, Run takes it as it is", async () => {
    const page = await open("course/rank/");
    assert.match(await runs(page, 'console.log("mine");'), /^Finished/);
    assert.equal(await outputOf(page), "mine");
    assert.match(await runs(page, "1;"), /^Finished/);
    assert.equal(await outputOf(page), "", "what was printed before is gone");
    await page.click("#reset");
    assert.equal(await outputOf(page), "");
    await page.click("#run");
    await says(page, "3 of 3 checks hold");
    await page.close();
  });

  await check("Stop ends a loop without end, and the focus is not lost", async () => {
    const page = await open("course/chain-rule/");
    await write(page, 'console.log("in it");\nwhile (true);');
    await page.click("#run");
    await page.waitForFunction(() => document.querySelector(".output").textContent === "in it");
    await page.focus("#stop");
    await page.keyboard.press("Enter");
    await says(page, "^Stopped");
    assert.ok(await isIn(page, "#stop"));
    assert.equal(await page.$("iframe"), null);
    assert.match(await runs(page, 'console.log("after");'), /^Finished/);
    await page.close();
  });

  await check("Run while it runs starts anew", async () => {
    const page = await open("course/chain-rule/");
    await write(page, 'console.log("in it");\nwhile (true);');
    await page.click("#run");
    await page.waitForFunction(() => document.querySelector(".output").textContent === "in it");
    assert.match(await runs(page, 'console.log("second");'), /^Finished/);
    assert.equal(await outputOf(page), "second");
    assert.equal(await page.$("iframe"), null);
    await page.close();
  });

  await check("what goes wrong is said in one sentence, with its line", async () => {
    const page = await open("course/chain-rule/");
    const cases = [
      ["const a = 1;\nconst b = = 2;", /^Line 2: Unexpected token/],
      ["const a = 1;\n\nnull.x;", /^Line 3: TypeError: /],
      ['import { dense } from "wasmgrad";\ndense(-1);', /^Line 2: OptionError: dense: units/],
      [
        'import { check } from "./print.ts";\n\n\ncheck("1 = 2", false);',
        /^Line 4: .*got a failure of: 1 = 2/,
      ],
      ['import fs from "node:fs";\nfs.readFileSync("x");', /^Line 1: "node:fs" is not in a cell/],
      ["throw { any: [1, 2] };", /^It ended with an error: \{ any: \[1, 2\] \}/],
      ["Promise.reject(new RangeError('late'));\nawait new Promise(() => {});", /RangeError: late$/],
      ["function f() { f(); }\nf();", /^Line 1: RangeError/],
      [
        "setTimeout(() => { throw new RangeError('later'); });\nawait new Promise(() => {});",
        /RangeError: later$/,
      ],
      ["const a = 1;\nlet a = 2;", /has already been declared/],
    ];
    for (const [program, expected] of cases) assert.match(await runs(page, program), expected);
    const marked = () =>
      page.evaluate(
        () => document.querySelector(".code > div").shadowRoot.querySelectorAll(".marked").length,
      );
    await runs(page, "null.x;");
    assert.equal(await marked(), 1);
    await runs(page, "1;");
    assert.equal(await marked(), 0);
    await page.close();
  });

  await check("output has an end, and says so", async () => {
    const page = await open("course/chain-rule/");
    const status = await runs(page, 'for (let i = 0; i < 1e5; i++) console.log("line", i);');
    assert.match(status, /^Finished.*is left out/);
    assert.ok((await outputOf(page)).endsWith("line 1499"));
    assert.match(
      await runs(
        page,
        'for (let i = 0; i < 2e4; i++) self.postMessage({ kind: "text", text: "x" });\nawait new Promise(() => {});',
      ),
      /more than a page can show/,
    );
    assert.match(await runs(page, 'console.log("x".repeat(1e7));'), /^Finished/);
    await page.close();
  });

  await check("what a program says is text, and drawings are shapes alone", async () => {
    const page = await open("course/chain-rule/");
    const hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10" onload="document.title=3">
      <script>document.title=4</script><a href="javascript:document.title=5"><rect width="5" height="5"/></a>
      <image href="https://example.com/x.png" width="5" height="5"/><use href="#a"/>
      <foreignObject width="5" height="5"><p xmlns="http://www.w3.org/1999/xhtml" onclick="1">x</p></foreignObject>
      <rect id="kept" width="5" height="5" fill="url(https://example.com/)" style="fill:url(https://example.com/)" onclick="1"/>
      <rect width="4" height="5" fill="#123456" stroke="red;x"/></svg>`;
    const program = `import { check, lesson, say, table } from "./print.ts";
const h = ${JSON.stringify(hostile)};
lesson(h, h); say(h); table([h], [[h]]); check(h, true);
self.postMessage({ kind: "plot", svg: ${JSON.stringify(svg)}, label: h });
self.postMessage({ kind: "plot", svg: "<svg", label: "broken" });
self.postMessage({ kind: "html", text: h });
throw new Error(h);`;
    await runs(page, program);
    const found = await page.evaluate(() => {
      const output = document.querySelector(".output");
      const svg = output.querySelector("svg");
      return {
        tags: [...new Set([...output.querySelectorAll("*")].map(({ localName }) => localName))].sort(),
        shapes: [...svg.querySelectorAll("*")].map(({ outerHTML }) =>
          outerHTML.replace(/ xmlns="[^"]*"/, ""),
        ),
        attributes: svg.getAttributeNames().sort(),
        title: document.title,
      };
    });
    const tags = "div,figure,h3,p,pre,rect,svg,table,tbody,td,th,thead,tr";
    assert.equal(found.tags.join(), tags);
    assert.deepEqual(found.shapes, [
      '<rect width="5" height="5"></rect>',
      '<rect width="4" height="5" fill="#123456"></rect>',
    ]);
    assert.deepEqual(found.attributes, ["aria-label", "role", "viewBox", "width"]);
    assert.match(found.title, /^The chain rule/);
    assert.match(await outputOf(page), /This plot could not be drawn/);
    // The browser says what it refused where the drawing was read.
    faults.splice(0, faults.length, ...faults.filter((fault) => !/Content Security Policy/.test(fault)));
    await page.close();
  });

  await check("outside its sandbox the cell's page runs nothing", async () => {
    const page = await open("course/chain-rule/");
    const started = await page.evaluate(async () => {
      const frame = document.createElement("iframe");
      frame.src = "../cell/";
      document.body.append(frame);
      await new Promise((resolve) => frame.addEventListener("load", resolve));
      const inside = frame.contentWindow;
      let starts = 0;
      inside.Worker = class {
        constructor() {
          starts++;
        }
        postMessage() {}
      };
      const { port1, port2 } = new MessageChannel();
      inside.postMessage({ runtime: "", order: {} }, "*", [port2]);
      // Messages to a window arrive in the order in which they were sent.
      await new Promise((resolve) => {
        inside.addEventListener("message", ({ data }) => data === "last" && resolve());
        inside.postMessage("last", "*");
      });
      port1.close();
      return starts;
    });
    assert.equal(started, 0);
    await page.close();
  });

  await check("a program that cannot be loaded is one sentence, and the next run works", async () => {
    const page = await open("course/chain-rule/");
    await page.setRequestInterception(true);
    let refused = "/assets/cell-";
    page.on("request", (request) =>
      refused && request.url().includes(refused) ? request.abort() : request.continue(),
    );
    await page.click("#run");
    await says(page, "could not be loaded");
    assert.equal(await page.$eval("#stop", (stop) => stop.getAttribute("aria-disabled")), "true");
    await page.reload();
    refused = "/modules/";
    await page.click("#run");
    await says(page, "could not be loaded");
    refused = undefined;
    await page.click("#run");
    await says(page, "3 of 3 checks hold");
    // The browser itself complains of what was refused.
    faults.splice(0, faults.length, ...faults.filter((fault) => !fault.includes("ERR_FAILED")));
    await page.close();
  });

  await check("by key, too, scripts that cannot be loaded are one sentence", async () => {
    const page = await open("course/chain-rule/");
    await edit(page);
    await page.setRequestInterception(true);
    page.on("request", (request) =>
      request.url().includes("/assets/output-") ? request.abort() : request.continue(),
    );
    await page.keyboard.down("Control");
    await page.keyboard.press("Enter");
    await page.keyboard.up("Control");
    await says(page, "What runs the program could not be loaded");
    faults.splice(0, faults.length, ...faults.filter((fault) => !fault.includes("ERR_FAILED")));
    await page.close();
  });

  await check("frames of teachers leave out what is named, and nothing else", async () => {
    const shown = async (query) => {
      const page = await open(`course/xor/${query}`);
      const parts = {
        header: ".top",
        footer: ".bottom",
        text: ".derivation p",
        code: ".code",
        output: ".output",
        links: ".neighbours",
        run: "#run",
      };
      const visible = await page.evaluate(
        (all) =>
          Object.entries(all)
            .filter(([, selector]) => document.querySelector(selector).checkVisibility())
            .map(([name]) => name),
        parts,
      );
      await page.close();
      return visible.join(" ");
    };
    assert.equal(await shown(""), "header footer text code output links run");
    assert.equal(await shown("?embed"), "text code output run");
    assert.equal(await shown("?embed&hide=text"), "code output run");
    assert.equal(await shown("?hide=nav,code"), "text output run");
    assert.equal(await shown("?hide=output,text"), "header footer code links run");
    assert.equal(await shown("?hide=__proto__,run,%3Cscript%3E"), "header footer text code output links run");
  });

  await check("a lesson works in a frame of another site", async () => {
    const page = await browser.newPage();
    await page.setContent(
      `<iframe title="lesson" width="800" height="600" src="${url}course/chain-rule/?embed"></iframe>`,
    );
    const frame = await (await page.waitForSelector("iframe")).contentFrame();
    await (await frame.waitForSelector("#run")).click();
    await says(frame, "3 of 3 checks hold");
    await page.close();
  });

  const states = [
    ["a lesson", "course/adam/", {}, async () => {}],
    ["a lesson in the dark, after its run", "course/xor/", { scheme: "dark" }, (page) => ran(page)],
    [
      "a lesson on a phone, after its run",
      "course/parity/",
      { width: 390, height: 844 },
      (page) => ran(page),
    ],
    ["bars", "course/rank/", {}, (page) => ran(page)],
    ["the editor with an error", "course/scaling/", {}, (page) => runs(page, "null.x;")],
    ["the editor in the dark", "course/scaling/", { scheme: "dark" }, (page) => edit(page)],
    ["a frame", "course/xor/?embed&hide=text", {}, async () => {}],
    ["the list", "course/", {}, async () => {}],
    [
      "the list in the dark on a phone",
      "course/",
      { scheme: "dark", width: 390, height: 844 },
      async () => {},
    ],
  ];
  const ran = async (page) => {
    await page.click("#run");
    await says(page, ENDED);
  };
  for (const [what, path, features, reach] of states)
    await check(`has no fault that axe knows: ${what}`, async () => {
      const page = await open(path, features);
      await reach(page);
      await addAxe(page);
      assert.deepEqual(await violationsIn(page), []);
      const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(wide <= seen, `${wide} px wide, on a screen of ${seen}`);
      await page.close();
    });
};
