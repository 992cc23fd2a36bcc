/** The page "Teach": draws with pointers and by keyboard, and looks at what it says, keeps and hands out. */
import { strict as assert } from "node:assert";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile, dense, load, sequential } from "wasmgrad";
import { addAxe, violationsIn } from "../axe.mjs";

const { shapes } = JSON.parse(readFileSync(new URL("../fixtures/strokes.json", import.meta.url), "utf8"));

/** A button by the start of its text, as one reads it. */
const press = (page, text) =>
  page.evaluate((wanted) => {
    const named = [...document.querySelectorAll("button")].find((button) =>
      (button.getAttribute("aria-label") ?? button.textContent).trim().startsWith(wanted),
    );
    if (!named) throw new Error(`no button ${wanted}`);
    named.click();
  }, text);

const says = (page, pattern) =>
  page.waitForFunction(
    (source) => new RegExp(source).test(document.querySelector("main").textContent),
    {},
    pattern,
  );
const digestIn = (page) => page.$eval("#teach code", (code) => code.textContent);
const thumbnails = (page) =>
  page.$$eval(".thumbs", (lists) => lists.map((list) => list.querySelectorAll("button").length));

/** Draws each and presses the name, if there is one; resolves to what the page took each for before that. */
const drawEach = (page, drawings, type = "pen") =>
  page.evaluate(
    async (all, pointerType) => {
      const sheet = document.querySelector(".sheet");
      const rendered = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      const button = (text) =>
        [...document.querySelectorAll("button")].find(({ textContent }) => textContent.trim() === text);
      const taken = [];
      for (const { drawing, name } of all) {
        button("Erase").click();
        await rendered();
        const { left, top, width } = sheet.getBoundingClientRect();
        for (const stroke of drawing) {
          const fire = (kind, [x, y]) =>
            sheet.dispatchEvent(
              new PointerEvent(kind, {
                pointerId: 7,
                pointerType,
                isPrimary: true,
                bubbles: true,
                button: kind === "pointermove" ? -1 : 0,
                clientX: left + (x * width) / 1000,
                clientY: top + (y * width) / 1000,
              }),
            );
          fire("pointerdown", stroke[0]);
          for (const point of stroke) fire("pointermove", point);
          fire("pointerup", stroke[stroke.length - 1]);
          await rendered();
        }
        taken.push(/Looks like (.*): \d+ %/.exec(document.querySelector(".said").textContent)?.[1]);
        if (!name) continue;
        button(`Add to ${name}`).click();
        await rendered();
      }
      return taken;
    },
    drawings,
    type,
  );

const faultsOf = async (page) => {
  await addAxe(page);
  return violationsIn(page);
};

/** The page as a visitor finds it who was never there, whatever an earlier check left. */
const opened = async (open, ...given) => {
  const page = await open("search/", ...given);
  const address = page.url().replace("search/", "teach/");
  await page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const request = indexedDB.deleteDatabase("wasmgrad-teach");
        request.onsuccess = resolve;
        request.onerror = reject;
      }),
  );
  await page.goto(address);
  await page.waitForSelector(".sheet");
  return page;
};

const put = (page, value) =>
  page.evaluate(
    (kept) =>
      new Promise((resolve, reject) => {
        const opening = indexedDB.open("wasmgrad-teach", 1);
        opening.onupgradeneeded = () => opening.result.createObjectStore("kept");
        opening.onsuccess = () => {
          const transaction = opening.result.transaction("kept", "readwrite");
          const file = kept.file && new Uint8Array(kept.file);
          const value = typeof kept === "object" ? { ...kept, file, isOfTest: true } : kept;
          transaction.objectStore("kept").put(value, "taught");
          transaction.oncomplete = () => {
            opening.result.close();
            resolve();
          };
          transaction.onabort = reject;
        };
      }),
    value,
  );

/** Waits until the page itself has kept what it shows: that comes after it is painted. */
const hasKept = (page) =>
  page.waitForFunction(
    () =>
      new Promise((resolve) => {
        const opening = indexedDB.open("wasmgrad-teach", 1);
        opening.onupgradeneeded = () => opening.result.createObjectStore("kept");
        opening.onsuccess = () => {
          const { result: database } = opening;
          const asking = database.transaction("kept").objectStore("kept").get("taught");
          asking.onsuccess = () => {
            database.close();
            resolve(Array.isArray(asking.result?.shapes) && !asking.result.isOfTest);
          };
        };
      }),
  );

export default async ({ open, url, check, browser }) => {
  await check("learns recorded strokes, names 27 of 30 others, and knows them after a reload", async () => {
    const page = await opened(open);
    const three = shapes.slice(0, 3);
    for (const [i, { name }] of three.entries()) {
      const input = (await page.$$(".shapes input"))[i];
      await input.click({ count: 3 });
      await input.type(name);
      await page.keyboard.press("Enter");
    }
    await drawEach(
      page,
      Array.from({ length: 8 }, (_, i) =>
        three.map(({ name, drawings }) => ({ name, drawing: drawings[i] })),
      ).flat(),
    );
    await says(page, "Learned from 24 drawings in \\d+ ms");
    const held = three.flatMap(({ name, drawings }) =>
      drawings.slice(8).map((drawing) => ({ of: name, drawing })),
    );
    const taken = await drawEach(page, held, "touch");
    const right = taken.filter((name, i) => name === held[i].of).length;
    assert.ok(right >= 27, `${right} of ${held.length}: ${taken}`);
    const digest = await digestIn(page);
    await page.reload();
    await says(page, "Your model of the last visit is back");
    assert.equal(await digestIn(page), digest);
    assert.deepEqual(await thumbnails(page), [8, 8, 8]);
    assert.deepEqual(await drawEach(page, held, "mouse"), taken);
    await page.close();
  });

  await check("answers while one draws with a mouse, and follows one pointer", async () => {
    const page = await opened(open);
    await press(page, "Fill in examples");
    await says(page, "Learned from 15 drawings");
    const box = await (await page.$(".sheet")).boundingBox();
    const to = (x, y) => page.mouse.move(box.x + x * box.width, box.y + y * box.height, { steps: 8 });
    await to(0.5, 0.2);
    await page.mouse.down();
    await to(0.8, 0.8);
    await to(0.2, 0.8);
    const other = await page.evaluate(() => {
      document
        .querySelector(".sheet")
        .dispatchEvent(new PointerEvent("pointerdown", { pointerId: 99, button: 0, bubbles: true }));
      return document.querySelectorAll(".sheet polyline").length;
    });
    assert.equal(other, 1);
    await page.waitForFunction(() => /\d %/.test(document.querySelector(".answers").textContent));
    await to(0.5, 0.2);
    await page.mouse.up();
    await says(page, "Looks like triangle: \\d+ %");
    assert.equal(
      await page.$eval(".sheet", (sheet) => sheet.getAttribute("aria-label")),
      "Your drawing, 1 stroke",
    );
    await press(page, "Undo stroke");
    await page.waitForFunction(() => document.querySelectorAll(".sheet polyline").length === 0);
    await page.close();
  });

  await check("can be taught and asked by keyboard alone", async () => {
    const page = await opened(open);
    const focused = () =>
      page.evaluate(() => {
        const { activeElement: at } = document;
        return at.getAttribute("aria-label") ?? at.id + at.textContent.trim();
      });
    const tabTo = async (text, key = "Tab") => {
      for (let i = 0; i < 80; i++) {
        if ((await focused()).startsWith(text)) return;
        if (key === "Back") await page.keyboard.down("Shift");
        await page.keyboard.press("Tab");
        if (key === "Back") await page.keyboard.up("Shift");
      }
      throw new Error(`no way to ${text}; at ${await focused()}`);
    };
    for (const [letter, name] of [
      ["ci", "circle"],
      ["tri", "triangle"],
    ])
      for (let i = 0; i < 3; i++) {
        await tabTo("ready");
        await page.keyboard.type(letter);
        await tabTo("Draw it for me");
        await page.keyboard.press("Enter");
        await tabTo(`Add to ${name}`, "Back");
        await page.keyboard.press("Space");
        await tabTo("ready");
      }
    await says(page, "Learned from 6 drawings");
    assert.deepEqual(await thumbnails(page), [3, 3, 0]);
    await page.keyboard.type("ci");
    await tabTo("Draw it for me");
    await page.keyboard.press("Enter");
    await says(page, "Looks like circle");
    await tabTo("Delete drawing 3 of circle");
    await page.keyboard.press("Enter");
    await says(page, "A drawing of circle was deleted");
    assert.equal(await focused(), "Name of shape 1");
    await tabTo("Undo");
    await page.keyboard.press("Enter");
    await page.waitForFunction(
      () => document.querySelector(".thumbs").querySelectorAll("button").length === 3,
    );
    await tabTo("Clear all");
    await page.keyboard.press("Enter");
    assert.equal(await focused(), "Keep them");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await says(page, "Everything was cleared");
    assert.deepEqual(await thumbnails(page), [0, 0, 0]);
    assert.equal(await focused(), "Clear all");
    await page.close();
  });

  await check("takes two to five shapes, and says what it cannot do", async () => {
    const page = await opened(open);
    await press(page, "Add to circle");
    await says(page, "Draw something first");
    await press(page, "Undo");
    await press(page, "Download the model");
    await says(page, "There is no model yet");
    for (let i = 0; i < 2; i++) await press(page, "Add a shape");
    await page.waitForFunction(() => document.querySelectorAll(".shapes > li").length === 5);
    await press(page, "Add a shape");
    await says(page, "5 shapes are the most");
    for (let left = 4; left >= 2; left--) {
      await press(page, "Remove");
      await page.waitForFunction(
        (count) => document.querySelectorAll(".shapes > li").length === count,
        {},
        left,
      );
      assert.equal(await page.evaluate(() => document.activeElement.id), "shapes");
    }
    await press(page, "Remove");
    await says(page, "Two shapes are the fewest");
    await page.close();
  });

  await check("hands out the model as a file and the program that makes it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "wasmgrad-teach-"));
    try {
      const page = await opened(open);
      const session = await browser.target().createCDPSession();
      await session.send("Browser.setDownloadBehavior", {
        behavior: "allow",
        downloadPath: folder,
        eventsEnabled: true,
      });
      const downloaded = () =>
        new Promise((resolve) =>
          session.on("Browser.downloadProgress", ({ state }) => state === "completed" && resolve()),
        );
      await press(page, "Fill in examples");
      await says(page, "Learned from 15 drawings");
      for (const name of ["Download the model", "Download the program"]) {
        const ended = downloaded();
        await press(page, name);
        await ended;
      }
      assert.deepEqual(readdirSync(folder).sort(), ["shapes.safetensors", "shapes.ts"]);
      const model = load(readFileSync(join(folder, "shapes.safetensors")));
      assert.ok(model.digest().startsWith(await digestIn(page)));
      assert.deepEqual(model.labels, ["circle", "triangle", "star"]);
      const program = readFileSync(join(folder, "shapes.ts"), "utf8");
      assert.ok(
        program.includes(readFileSync(new URL("../../pages/teach/teach.ts", import.meta.url), "utf8").trim()),
      );
      await page.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  await check("starts anew where what it kept is damaged, or of an earlier version", async () => {
    const page = await opened(open);
    await hasKept(page);
    const modelOf = (inputs, labels) => {
      const network = sequential({ input: [inputs] }, [dense(labels.length, { activation: "softmax" })]);
      return [...compile(network, { labels }).save()];
    };
    const AGAIN = "The model kept here is damaged or of another version, so it was taught again";
    const BACK = "Your model of the last visit is back";
    const drawings = [
      [
        [
          [100, 100],
          [900, 900],
        ],
      ],
    ];
    const good = [
      { name: "a", drawings },
      {
        name: "b",
        drawings: [
          [
            [
              [100, 900],
              [900, 100],
            ],
          ],
        ],
      },
    ];
    for (const [kept, said] of [
      [{ shapes: "none" }, "What was kept here is damaged"],
      [7, "What was kept here is damaged"],
      [
        {
          shapes: [
            { name: "a", drawings: [[[["x", 2]]]] },
            { name: "b", drawings },
          ],
        },
        "What was kept here is damaged",
      ],
      [{ shapes: good }, "Learned from 2 drawings"],
      [{ shapes: good, file: [1, 2, 3] }, AGAIN],
      [{ shapes: good, file: modelOf(64, ["a", "b"]) }, AGAIN],
      [{ shapes: good, file: modelOf(192, ["a", "c"]) }, AGAIN],
      [{ shapes: good, file: modelOf(192, ["a", "b"]) }, BACK],
    ]) {
      await put(page, kept);
      await page.reload();
      await says(page, said);
      if (said !== BACK) await hasKept(page);
      if (said !== AGAIN) continue;
      const taken = await drawEach(page, [{ drawing: good[1].drawings[0] }]);
      assert.deepEqual(taken, ["b"]);
    }
    await page.close();
  });

  await check("takes no dot for a shape", async () => {
    const page = await opened(open);
    await press(page, "Fill in examples");
    await says(page, "Learned from 15 drawings");
    assert.deepEqual(await drawEach(page, [{ drawing: [[[500, 500]]], name: "circle" }]), [null]);
    await says(page, "A dot is no shape: draw a line");
    assert.deepEqual(await thumbnails(page), [5, 5, 5]);
    await page.close();
  });

  await check("says what is missing where the browser has no WebAssembly, and keeps drawings", async () => {
    const page = await browser.newPage();
    await page.evaluateOnNewDocument(() => {
      delete window.WebAssembly;
    });
    await page.goto(`${url}teach/`);
    await says(page, "This browser cannot learn: it has no WebAssembly");
    await press(page, "Fill in examples");
    await says(page, "Filled in circles");
    assert.doesNotMatch(await page.$eval("main", ({ textContent }) => textContent), /could not|Node/);
    await hasKept(page);
    await page.reload();
    await says(page, "This browser cannot learn");
    assert.deepEqual(await thumbnails(page), [5, 5, 5]);
    assert.deepEqual(await faultsOf(page), []);
    await page.close();
  });

  await check("goes on where the browser keeps nothing", async () => {
    const refused = await browser.newPage();
    await refused.evaluateOnNewDocument(() => {
      Object.defineProperty(window, "indexedDB", {
        get() {
          throw new DOMException("The operation is insecure.", "SecurityError");
        },
      });
    });
    await refused.goto(`${url}teach/`);
    await says(refused, "This browser keeps nothing for this page");
    await press(refused, "Fill in examples");
    await says(refused, "Learned from 15 drawings");
    await refused.close();
  });

  await check("shows names as text", async () => {
    const page = await opened(open);
    const name = "<img src=x onerror=alert(1)>";
    const input = await page.$(".shapes input");
    await input.click({ count: 3 });
    await input.type(name);
    await page.keyboard.press("Enter");
    await press(page, "Draw it for me");
    await press(page, `Add to ${name}`);
    await page.waitForFunction(() => document.querySelectorAll(".thumbs button").length === 1);
    assert.equal(await page.$$eval("#teach img", (all) => all.length), 0);
    await page.close();
  });

  for (const [what, view] of [
    ["light", {}],
    ["dark", { scheme: "dark" }],
    ["on a phone", { width: 390, height: 844 }],
  ])
    await check(`has no fault that axe knows: ${what}`, async () => {
      const page = await opened(open, view);
      assert.deepEqual(await faultsOf(page), []);
      await press(page, "Fill in examples");
      await says(page, "Learned from 15 drawings");
      await press(page, "Draw it for me");
      await says(page, "Looks like circle");
      await page.$eval("details", (details) => {
        details.open = true;
      });
      assert.deepEqual(await faultsOf(page), []);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
      await page.close();
    });
};
