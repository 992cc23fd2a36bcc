/** A SvelteKit application of the packed package: a page rendered on the server, then in the browser. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { budgetOf } from "../budgets.ts";
import {
  type Application,
  bytesBeside,
  hasBrowser,
  postedBy,
  startApplication,
  XOR_DIGEST,
} from "./application.ts";

describe("a SvelteKit application", () => {
  let kit: Application;

  beforeAll(async () => {
    const build = ["node_modules/vite/bin/vite.js", "build"];
    kit = await startApplication("sveltekit", build, () => [process.execPath, "build/app/index.js"]);
  }, 900_000);
  afterAll(() => kit?.end());

  it("trains while it renders a page on the server, with the bits of everywhere", async () => {
    expect(await fetch(`${kit.url}/trains`).then((answer) => answer.text())).toContain(
      `<output>${XOR_DIGEST}</output>`,
    );
  });

  it.skipIf(!hasBrowser)("trains in the browser, with the same bits", async () => {
    expect(await postedBy(`${kit.url}/trains`)).toEqual({ digest: XOR_DIGEST });
  });

  it("has a page that carries few bytes beside those of an empty one", async () => {
    const bytes = await bytesBeside(`${kit.url}/trains`, kit.url);
    expect(bytes).toBeLessThan(budgetOf("sveltekit", "trains"));
    expect(bytes).toBeGreaterThan(10_000);
  });
});
