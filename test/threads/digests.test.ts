/** The named runs, with every record shared among real threads: the checked-in digests. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runAll } from "../determinism/runs.mjs";
import { on, teamOf, threaded } from "./engines.ts";

const digests = JSON.parse(readFileSync(new URL("../determinism/digests.json", import.meta.url), "utf8"));

describe("the named runs", () => {
  it.each([2, 3, 5])(
    "give their digests on %d threads",
    async (threads) => {
      using engine = await threaded(threads);
      expect(await runAll(on(engine))).toEqual(digests);
      expect(teamOf(engine).calls).toBeGreaterThan(1000);
      expect(engine.info()).toMatchObject({ threads, wanted: threads });
    },
    300_000,
  );
});
