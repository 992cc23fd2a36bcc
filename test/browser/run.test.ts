import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const run = fileURLToPath(new URL("run.mjs", import.meta.url));

describe("npm run test:browser", () => {
  it("names each browser that is not installed and what brings it, and fails when none ran", () => {
    const missing = { CHROMIUM: "none", FIREFOX: "none", WEBKIT: "none", JSC: "none" };
    const { status, stdout } = spawnSync(process.execPath, [run], {
      encoding: "utf8",
      env: { ...process.env, ...missing },
    });
    for (const line of [
      "Chromium: skipped, it is not installed (apt-get install chromium)",
      "Firefox: skipped, it is not installed (apt-get install firefox-esr)",
      "WebKit: skipped, it is not installed (apt-get install libwebkit2gtk-4.1-0 xvfb)",
      "JavaScriptCore: skipped, it is not installed (apt-get install libjavascriptcoregtk-4.0-bin)",
      "0 passed, 0 failed",
      "no browser ran",
    ])
      expect(stdout).toContain(`${line}\n`);
    expect(status).toBe(1);
  });
});
