/** A Next.js application of the packed package: a client component, and a route handler. */
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

describe("a Next.js application", () => {
  let next: Application;

  beforeAll(async () => {
    const program = "node_modules/next/dist/bin/next";
    next = await startApplication("next", [program, "build"], (port) => [
      process.execPath,
      program,
      "start",
      "--port",
      `${port}`,
    ]);
  }, 900_000);
  afterAll(() => next?.end());

  it("trains in a route handler, with the bits of everywhere", async () => {
    expect(await fetch(`${next.url}/api/train`).then((answer) => answer.json())).toEqual({
      digest: XOR_DIGEST,
    });
  });

  it.skipIf(!hasBrowser)("trains in a client component, with the same bits", async () => {
    expect(await postedBy(`${next.url}/trains`)).toEqual({ digest: XOR_DIGEST });
  });

  it("has a page that carries few bytes beside those of an empty one", async () => {
    const bytes = await bytesBeside(`${next.url}/trains`, next.url);
    expect(bytes).toBeLessThan(budgetOf("next", "trains"));
    expect(bytes).toBeGreaterThan(10_000);
  });
});
