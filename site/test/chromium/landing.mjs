/** The landing page: trains by itself only where that is wanted, stops when nobody looks, shows digests that are true. */
import { strict as assert } from "node:assert";
import { adam, binaryCrossEntropy, compile, dense, sequential } from "wasmgrad";
import { serveAltered } from "../altered.mjs";
import { addAxe, violationsIn } from "../axe.mjs";

const count = (page) => page.$eval("#count", ({ textContent }) => Number(textContent.replaceAll(",", "")));
const trains = (page) => page.waitForFunction(() => document.getElementById("count").textContent !== "0");
const textIs = (page, id, text) =>
  page.waitForFunction(
    (element, wanted) => document.getElementById(element).textContent.includes(wanted),
    {},
    id,
    text,
  );

function digestOf(seed) {
  const model = sequential({ input: [2], seed }, [
    dense(8, { activation: "tanh" }),
    dense(1, { activation: "sigmoid" }),
  ]);
  const trainer = compile(model, { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.05 }) });
  const [x, y] = [
    [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ],
    [0, 1, 1, 0],
  ];
  trainer.fitSync({ x, y }, { epochs: 1000, stopWhen: { lossBelow: 0.01 } });
  return trainer.digest();
}

/** Whether the page tells its worker to train, as it last said. */
const spyOnWorkers = (page) =>
  page.evaluateOnNewDocument(() => {
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (message) {
      window.told = message.run;
      post.call(this, message);
    };
  });

export default async ({ open, check, browser, url }) => {
  await check("networks are trained, each with the digest that it has in Node", async () => {
    const page = await open("");
    await trains(page);
    const [label, digest, shown] = await page.evaluate(() =>
      ["seed", "digest", "count"].map((id) => document.getElementById(id).textContent),
    );
    const seed = Number(label.match(/seed (\d+)/)[1]);
    assert.equal(seed, Number(shown.replaceAll(",", "")) - 1);
    assert.equal(digest, digestOf(seed));
    await addAxe(page);
    for (const scheme of ["light", "dark"]) {
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      assert.deepEqual(await violationsIn(page), []);
    }
    assert.match(await page.$eval("#median", ({ textContent }) => textContent), /^[\d.]+ ms$/);
    const drawn = await page.$eval("#surface", (canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, 40, 40);
      const at = (x, y) => [...data.slice(4 * (40 * y + x), 4 * (40 * y + x) + 3)];
      return { zero: at(33, 6), one: at(6, 6) };
    });
    assert.ok(drawn.zero[2] > drawn.zero[0], "at (1, 1) the surface has the colour of 0");
    assert.ok(drawn.one[0] > drawn.one[2], "at (0, 1) the surface has the colour of 1");
    await page.close();
  });

  await check(
    "nothing is loaded or trained where motion is unwanted, until the button is pressed",
    async () => {
      const page = await browser.newPage();
      const asked = [];
      page.on("request", (request) => asked.push(request.url()));
      await spyOnWorkers(page);
      await page.emulateMediaFeatures([{ name: "prefers-reduced-motion", value: "reduce" }]);
      await page.goto(url, { waitUntil: "networkidle0" });
      assert.equal(await count(page), 0);
      assert.deepEqual(
        asked.filter((address) => /worker/.test(address)),
        [],
      );
      await page.focus("#run");
      await page.keyboard.press("Enter");
      await trains(page);
      assert.equal(await page.evaluate(() => document.activeElement.id), "run");
      await page.keyboard.press("Enter");
      await textIs(page, "state", "Paused.");
      assert.equal(await page.evaluate(() => window.told), false);
      await page.close();
    },
  );

  await check("it stops in a hidden tab and out of sight, and goes on", async () => {
    const page = await browser.newPage();
    await spyOnWorkers(page);
    await page.setViewport({ width: 1280, height: 400 });
    await page.goto(url);
    await trains(page);
    const told = (wanted) => page.waitForFunction((value) => window.told === value, {}, wanted);
    await page.evaluate(() => {
      Object.defineProperty(document, "hidden", { value: true, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    await told(false);
    await page.evaluate(() => {
      delete document.hidden;
      document.dispatchEvent(new Event("visibilitychange"));
    });
    await told(true);
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    await told(false);
    await page.evaluate(() => scrollTo(0, 0));
    await told(true);
    await page.close();
  });

  await check("times stand without exponents, and of several sights of it the last one counts", async () => {
    const trained = { kind: "trained", count: 1, medianMs: 123.4, digest: "0".repeat(64), losses: [1, 0] };
    const server = await serveAltered([
      [
        /xor-worker.*\.js$/,
        () => `postMessage({ ...${JSON.stringify(trained)}, surface: new Float32Array(1600) });`,
      ],
    ]);
    const page = await browser.newPage();
    await spyOnWorkers(page);
    await page.evaluateOnNewDocument(() => {
      window.IntersectionObserver = class {
        constructor(hear) {
          window.see = (...seen) => hear(seen.map((isIntersecting) => ({ isIntersecting })));
        }
        observe() {}
      };
    });
    await page.goto(server.url);
    await textIs(page, "median", "120 ms");
    await page.evaluate(() => window.see(true, false));
    assert.equal(await page.evaluate(() => window.told), false);
    await page.evaluate(() => window.see(false, true));
    assert.equal(await page.evaluate(() => window.told), true);
    await page.close();
    server.close();
  });

  await check("the install line is copied, or selected where the clipboard is refused", async () => {
    const page = await open("");
    await page.evaluate(() => {
      navigator.clipboard.writeText = async (text) => {
        window.copied = text;
      };
    });
    await page.click("#copy");
    await textIs(page, "copied", "Copied.");
    assert.equal(await page.evaluate(() => window.copied), "npm install wasmgrad");
    await page.evaluate(() => {
      navigator.clipboard.writeText = () => Promise.reject(new Error("no"));
    });
    await page.click("#copy");
    await textIs(page, "copied", "press Ctrl+C");
    assert.equal(
      await page.evaluate(() => getSelection().toString() || document.activeElement.value),
      "npm install wasmgrad",
    );
    await page.close();
  });

  await check("without WebAssembly, and after the end of its worker, it says so", async () => {
    for (const [alter, said] of [
      [(text) => `delete globalThis.WebAssembly; ${text}`, "an engine without WebAssembly"],
      [() => 'throw new Error("x")', "The worker that trains has ended"],
      [null, "The worker that trains has ended"],
    ]) {
      const server = await serveAltered([[/xor-worker.*\.js$/, alter]]);
      const page = await browser.newPage();
      await page.goto(server.url);
      await textIs(page, "state", said);
      assert.equal(await page.$eval("#run", ({ textContent }) => textContent), "Train");
      await addAxe(page);
      assert.deepEqual(await violationsIn(page), []);
      await page.close();
      server.close();
    }
  });
};
