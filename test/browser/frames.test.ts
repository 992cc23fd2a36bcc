/** Pages draw while they train and read, by clocks of each kind. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { BROWSERS, find, serve, visit } from "./browsers.mjs";
import { bundle, htmlOf } from "./harness.mjs";

const [chromium] = BROWSERS;
const program = find(chromium);

describe.skipIf(!program)("a page draws during short fits and long calls", () => {
  it.each([
    ["is the browser's", ""],
    ["ticks every 100 ms", "const now = Date.now; Date.now = () => Math.floor(now() / 100) * 100;"],
    ["stands still", "const now = Date.now(); Date.now = () => now;"],
  ])(
    "where the clock %s",
    async (_, clock) => {
      const scripts = await bundle({ frames: fileURLToPath(new URL("frames.mjs", import.meta.url)) });
      const page = { body: `<script>${clock}</script>${htmlOf("frames")}` };
      const server = await serve({ ...scripts, "/frames.html": page });
      try {
        const checks = await visit(chromium, program!, server, "/frames.html", 100);
        expect(checks).toEqual(
          ["short fits", "long fit", "long reads"].map((name) => ({
            name,
            ok: true,
            detail: expect.any(String),
          })),
        );
      } finally {
        server.close();
      }
    },
    120_000,
  );
});
