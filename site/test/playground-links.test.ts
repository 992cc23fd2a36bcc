/** Links: there and back, their length, and everything that is no link. */
import { readFileSync } from "node:fs";
import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { DEFAULT_CONFIG } from "../pages/playground/run/config.ts";
import { readTable, suggestChoice, toOwnData } from "../pages/playground/run/csv.ts";
import {
  decodeLink,
  encodeLink,
  MOST_LINK_CHARACTERS,
  readRunFile,
  writeRunFile,
} from "../pages/playground/run/link.ts";
import type { LinkContent, OwnData } from "../pages/playground/run/types.ts";
import { allRuns } from "./links/configurations.ts";

const IRIS = readFileSync(new URL("../../examples/data/iris.csv", import.meta.url), "utf8");
const CLAIM = { steps: 400, data: "a".repeat(64), parameters: "0123456789abcdef".repeat(4) };
const CONTENT: LinkContent = { version: "0.1.0", config: DEFAULT_CONFIG, claim: CLAIM };

/** A link of any JSON, or of bytes. */
function linkOf(json: unknown): string {
  const bytes = json instanceof Uint8Array ? json : Buffer.from(JSON.stringify(json));
  return `#1.${deflateSync(bytes, { level: 9 }).toString("base64url")}`;
}

const messageOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "it was opened",
    (error) => (error as Error).message,
  );

describe("a link", () => {
  it("holds every configuration to the last bit", async () => {
    for (const { config } of await allRuns(IRIS)) {
      const content = { ...CONTENT, config };
      expect(await decodeLink(await encodeLink(content))).toEqual(content);
    }
  });

  it("holds a table of 150 rows and 4 numbers in at most 2,000 characters", async () => {
    const table = await readTable(IRIS);
    const { data } = toOwnData(table, suggestChoice(table));
    expect([data.target.cells.length, data.columns.length]).toEqual([150, 4]);
    const link = await encodeLink({ ...CONTENT, config: { ...DEFAULT_CONFIG, data } });
    expect(link.length).toBeLessThanOrEqual(2000);
  });

  it("holds numbers that no power of ten makes whole, tiny, huge and missing ones", async () => {
    const cells = [0.1 + 0.2, 1 / 3, 5e-324, -1e30, null, 2 ** -20, 1e-7, 123456789.123, 0, -7.25];
    const data: OwnData = {
      kind: "own",
      columns: [
        { name: "a", kind: "number", cells },
        { name: "b", kind: "number", cells: cells.map((_, i) => (i === 4 ? null : 1000.5 + i / 8)) },
        { name: "c", kind: "category", cells: cells.map((_, i) => (i % 3 ? `word ${i % 4}` : null)) },
      ],
      target: { name: "t", kind: "number", cells: cells.map((_, i) => i * 0.1) },
      axes: ["a", "b"],
      train: 50,
      seed: 3,
    };
    const content = { ...CONTENT, config: { ...DEFAULT_CONFIG, data } };
    expect(await decodeLink(await encodeLink(content))).toEqual(content);
    expect(await readRunFile(new Blob([writeRunFile(content)]))).toEqual(content);
  });

  it("holds numbers whose differences are no whole numbers of 53 bits", async () => {
    const cells = [4.503599627370497, 4.503599627370496, 4.503599627370495, -4.60000000000001, -4.5];
    const data: OwnData = {
      kind: "own",
      columns: [{ name: "a", kind: "number", cells }],
      target: { name: "t", kind: "number", cells: cells.map((_, i) => i) },
      axes: ["a", "a"],
      train: 50,
      seed: 1,
    };
    const content = { ...CONTENT, config: { ...DEFAULT_CONFIG, data } };
    expect(await decodeLink(await encodeLink(content))).toEqual(content);
  });

  it("is told from what stands behind it", async () => {
    expect(await decodeLink(`${await encodeLink(CONTENT)}&hide=data`)).toEqual(CONTENT);
  });
});

describe("what is no link is refused by a sentence", () => {
  const good = linkOf(CONTENT);
  const config = (change: object) => linkOf({ ...CONTENT, config: { ...DEFAULT_CONFIG, ...change } });
  const claim = (change: object) => linkOf({ ...CONTENT, claim: { ...CLAIM, ...change } });
  const bomb = deflateSync(Buffer.alloc(20_000_000, 32), { level: 9 });
  it.each([
    ["cut", good.slice(0, -5), "This link is damaged"],
    ["cut in the middle", good.slice(0, good.length / 2), "This link is damaged"],
    ["empty", "#1.", "This link is damaged"],
    ["of other characters", `${good}é`, "This link is damaged"],
    ["no JSON", linkOf(Buffer.from("{")), "This link is damaged"],
    ["no UTF-8", linkOf(Uint8Array.of(34, 255, 34)), "This link is damaged"],
    ["of 30,001 characters", `#1.${"A".repeat(MOST_LINK_CHARACTERS - 1)}`, "This link is too long"],
    ["of 20 megabytes", `#1.${bomb.toString("base64url")}`, "unpacks to more than 4 megabytes"],
    ["of another format", good.replace("#1.", "#2."), "This link has format 2"],
    ["of an endless format", good.replace("#1.", `#${"9".repeat(500)}.`), "This link has format 999999999,"],
    ["of no format", "#hello", "This is no link to a run"],
    ["null", linkOf(null), "does not say which version"],
    ["a list", linkOf([]), "does not say which version"],
    ["without a version", linkOf({ config: DEFAULT_CONFIG }), "does not say which version"],
    [
      "of a version that leads elsewhere",
      linkOf({ ...CONTENT, version: "../../x" }),
      "does not say which version",
    ],
    ["without a configuration", linkOf({ version: "0.1.0" }), "A run must be an object"],
    [
      "with 40 layers",
      config({ layers: Array(40).fill({ units: 1, activation: "relu" }) }),
      "has at most 8 hidden layers; this has 40",
    ],
    [
      "with 1e9 units",
      config({ layers: [{ units: 1e9, activation: "relu" }] }),
      "from 1 to 64; this is 1000000000",
    ],
    [
      "with the activation __proto__",
      config({ layers: [{ units: 1, activation: "__proto__" }] }),
      "The activation of layer 1 must be one of",
    ],
    [
      "with the activation constructor",
      config({ layers: [{ units: 1, activation: "constructor" }] }),
      'this is "constructor"',
    ],
    [
      "with a null rate",
      config({ rate: null }),
      "The learning rate must be a number from 0 to 100; this is null",
    ],
    ["with 1e12 steps", claim({ steps: 1e12 }), "The number of steps must be a whole number"],
    ["with steps below 0", claim({ steps: -1 }), "The number of steps must be a whole number"],
    ["with a digest that is none", claim({ data: "<script>" }), "claims is no digest"],
    ["with a claim that is none", linkOf({ ...CONTENT, claim: 7 }), "claims is no digest"],
    ["with an unknown field", config({ code: "alert(1)" }), 'a field that nothing reads, "code"'],
  ])("%s", async (_, link, message) => {
    expect(await messageOf(decodeLink(link))).toContain(message);
  });

  it("wherever one of its characters is another", async () => {
    const characters = good.slice(3);
    for (let at = 0; at < characters.length; at++) {
      const other = characters[at] === "Q" ? "x" : "Q";
      const link = `#1.${characters.slice(0, at)}${other}${characters.slice(at + 1)}`;
      const message = await messageOf(decodeLink(link));
      // The last character may have bits that mean nothing.
      if (at < characters.length - 1) expect(`${at}: ${message}`).toMatch(/This link/);
    }
  });

  it("pollutes no prototype", async () => {
    const text = JSON.stringify(CONTENT).replace('"rate":', '"__proto__":{"polluted":1},"rate":');
    expect(await messageOf(decodeLink(linkOf(Buffer.from(text))))).toContain("a field that nothing reads");
    const column = '{"n":"a","w":["x"],"i":[0,0,0,0],"__proto__":{"kind":"number"}}';
    const own = JSON.stringify({ ...CONTENT, config: { ...DEFAULT_CONFIG, data: 0 } }).replace(
      '"data":0',
      `"data":{"kind":"own","columns":[${column}],"target":${column},"axes":["a","a"],"train":70,"seed":1}`,
    );
    expect(await messageOf(decodeLink(linkOf(Buffer.from(own))))).toContain("different names");
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});

describe("a file of a run", () => {
  it.each([
    ["empty", ""],
    ["no JSON", "a,b\n1,2"],
    ["of something else", JSON.stringify(CONTENT)],
  ])("%s is refused", async (_, text) => {
    expect(await messageOf(readRunFile(new Blob([text])))).toContain("This is no file of a run");
  });

  it("is checked as a link is", async () => {
    const text = writeRunFile(CONTENT).replace('"rate":0.01', '"rate":1e999');
    expect(await messageOf(readRunFile(new Blob([text])))).toContain("The learning rate must be");
    expect(await messageOf(readRunFile(new Blob([new Uint8Array(17 << 20)])))).toContain(
      "too large for a run",
    );
  });
});
