/** What tests of the playground do with its page. */
import { strict as assert } from "node:assert";
import { deflateSync, inflateSync } from "node:zlib";

/** A table of two classes that a line parts, and a column of words. */
export const TABLE = [
  "width,height,place,kind",
  ...Array.from({ length: 40 }, (_, row) => {
    const x = ((row * 37) % 40) / 10;
    const y = ((row * 23) % 40) / 10;
    return `${x},${y},${row % 3 === 0 ? "in" : "out"},${x + y > 4 ? "large" : "small"}`;
  }),
].join("\n");

/** Waits until the run stands there, drawn. */
export const ready = (page) => page.waitForSelector(".figures table", { timeout: 30_000 });

/** The button, link, summary or label of the page with this text, or the text's beginning. */
export async function click(page, text) {
  const found = await page.evaluateHandle(
    (wanted) =>
      [
        ...document.querySelectorAll(
          "dialog[open] :is(button, summary, a, label), :is(button, summary, a, label)",
        ),
      ].find((element) => element.textContent.trim().startsWith(wanted) && element.checkVisibility()),
    text,
  );
  assert.ok(found.asElement(), `no button ${JSON.stringify(text)}`);
  await found.asElement().click();
}

export const textOf = (page, selector) =>
  page.$eval(selector, (element) => element.textContent.replace(/\s+/g, " ").trim());

export const stepsOf = async (page) =>
  Number(
    (
      await page.$$eval(
        ".figures dl div",
        (all) => all.find((one) => one.textContent.startsWith("Steps")).lastChild.textContent,
      )
    ).replaceAll(",", ""),
  );

/** Waits until the figures show at least so many steps. */
export const waitForSteps = (page, steps) =>
  page.waitForFunction(
    (least) => {
      const figure = [...document.querySelectorAll(".figures dl div")].find((one) =>
        one.textContent.startsWith("Steps"),
      );
      return Number(figure?.lastChild.textContent.replaceAll(",", "")) >= least;
    },
    { timeout: 30_000, polling: 50 },
    steps,
  );

/** Waits until an element that matches has this text in it, and gives all of its text. */
export async function waitForText(page, selector, part) {
  await page.waitForFunction(
    (where, wanted) =>
      [...document.querySelectorAll(where)].some(({ textContent }) => textContent.includes(wanted)),
    { timeout: 30_000, polling: 50 },
    selector,
    part,
  );
}

/** Stops, and waits until the figures are those of the run as it stands: it is said with them. */
export async function pause(page) {
  await click(page, "Pause");
  await waitForText(page, "[role=status]", "Paused.");
}

/** Chooses in the list, or sets the slider or field, with this label. */
export const choose = (page, label, value) =>
  page.evaluate(
    (name, wanted) => {
      const field = [...document.querySelectorAll("label")].find(
        ({ textContent }) => textContent === name,
      ).control;
      field.value = wanted;
      field.dispatchEvent(new Event(field.type === "range" ? "input" : "change", { bubbles: true }));
    },
    label,
    value,
  );

/** Drops a file on the page. */
export const drop = (page, name, text) =>
  page.evaluate(
    (called, content) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([content], called));
      document.body.dispatchEvent(
        new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: transfer }),
      );
    },
    name,
    text,
  );

/** What the time slider says: `Step 3`, `Step 0 of 40`. */
export const timeOf = (page) => textOf(page, ".time output");

/** Notes what the page asks of its workers, as `session` calls; before the page is opened. */
export const noteCalls = (page) =>
  page.evaluateOnNewDocument(() => {
    window.calls = [];
    window.waiting = new Set();
    const { postMessage } = Worker.prototype;
    Worker.prototype.postMessage = function (message, ...rest) {
      if (message?.type === "APPLY") {
        window.calls.push(message.path.at(-1));
        window.waiting.add(message.id);
        this.addEventListener("message", ({ data }) => window.waiting.delete(data?.id));
      }
      return postMessage.call(this, message, ...rest);
    };
  });

/** The JSON of a link. */
export const contentOf = (hash) => inflateSync(Buffer.from(hash.slice(3), "base64url")).toString("utf8");

/** The link with something else in its JSON. */
export function altered(hash, alter) {
  const json = contentOf(hash);
  const other = alter(json);
  assert.notEqual(other, json);
  return `#1.${deflateSync(other).toString("base64url")}`;
}

/** The link of the run, as the dialog shows it. */
export async function linkOf(page) {
  await click(page, "Link");
  const link = await page
    .waitForSelector("#link-field")
    .then((field) => field.evaluate(({ value }) => value));
  await click(page, "Close");
  return link;
}

/** Writes a table into the field for it, and reads it. */
export async function readTable(page, table) {
  if (!(await page.$(".own-table"))) {
    await click(page, "Your own table");
    await page.waitForSelector(".own-table textarea");
  }
  await page.$eval(
    ".own-table textarea",
    (field, text) => {
      field.value = text;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    },
    table,
  );
  await click(page, "Read the table");
}

/** Gives the hidden layers so many units each. */
export async function setLayers(page, units) {
  const present = await page.$$eval(".layers li", ({ length }) => length);
  for (let layer = present; layer < units.length; layer++) await click(page, "Add layer");
  for (const [layer, count] of units.entries()) {
    await page.$$eval(
      ".layers input",
      (fields, at, value) => {
        fields[at].value = String(value);
        fields[at].dispatchEvent(new Event("change", { bubbles: true }));
      },
      layer,
      count,
    );
    await page.waitForFunction(
      (at, value) => document.querySelectorAll(".layers input")[at].value === String(value),
      {},
      layer,
      count,
    );
  }
}

/** Bytes that a page or a worker holds: objects, and the memory of arrays. */
export async function heapOf(target) {
  const client = target.createCDPSession ? await target.createCDPSession() : target.client;
  await client.send("HeapProfiler.collectGarbage");
  await client.send("HeapProfiler.collectGarbage");
  const { usedSize, backingStorageSize = 0 } = await client.send("Runtime.getHeapUsage");
  if (target.createCDPSession) await client.detach();
  return usedSize + backingStorageSize;
}
