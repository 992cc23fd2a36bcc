/**
 * Real browsers, without a driver between: each is started on a page of ours, which does its work and posts what it
 * found to the server it came from. The same for every browser, and nothing to install but the browser.
 */
import { accessSync, constants, existsSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { delimiter, join } from "node:path";
import { end, makeFolder, removeFolder, start } from "./programs.mjs";

/** Firefox asks nothing and opens nothing by itself. */
const FIREFOX_PREFERENCES = {
  "browser.aboutwelcome.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.homepage_override.mstone": "ignore",
  "datareporting.policy.dataSubmissionEnabled": false,
  "datareporting.policy.firstRunURL": "",
  "toolkit.telemetry.reportingpolicy.firstRun": false,
};

/**
 * What can run a page, in the order of the table. `programs` are names on the path, or patterns of absolute paths;
 * `install` says what brings them on Debian and Ubuntu.
 */
export const BROWSERS = [
  {
    name: "Chromium",
    variable: "CHROMIUM",
    programs: ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    install: "apt-get install chromium",
    args: (profile, url) => [
      "--headless=new",
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      `--user-data-dir=${profile}`,
      url,
    ],
  },
  {
    name: "Firefox",
    variable: "FIREFOX",
    programs: ["firefox-esr", "firefox"],
    install: "apt-get install firefox-esr",
    prepare: (profile) =>
      writeFileSync(
        join(profile, "user.js"),
        Object.entries(FIREFOX_PREFERENCES)
          .map(([key, value]) => `user_pref("${key}", ${JSON.stringify(value)});\n`)
          .join(""),
      ),
    args: (profile, url) => ["--headless", "--no-remote", "--profile", profile, url],
  },
  {
    name: "WebKit",
    variable: "WEBKIT",
    programs: ["/usr/lib/*/webkit2gtk-4.1/MiniBrowser", "/usr/lib/*/webkitgtk-6.0/MiniBrowser"],
    install: "apt-get install libwebkit2gtk-4.1-0 xvfb",
    needsDisplay: true,
    args: (_profile, url) => [url],
    env: { WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1" },
  },
];

/** JavaScriptCore's shell: the engine of WebKit without a browser around it, so without pages. */
export const SHELL = {
  name: "JavaScriptCore",
  variable: "JSC",
  programs: ["jsc"],
  install: "apt-get install libjavascriptcoregtk-4.0-bin",
};

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const XVFB = { variable: "XVFB", programs: ["Xvfb"] };

/** The path of an installed program, or undefined; also where it needs a display and there is none. */
export function find({ variable, programs, needsDisplay }) {
  if (needsDisplay && !process.env.DISPLAY && !find(XVFB)) return undefined;
  const given = process.env[variable];
  const folders = (process.env.PATH ?? "").split(delimiter);
  const paths = (given ? [given] : programs).flatMap((name) =>
    name.startsWith("/") ? expand(name) : folders.map((folder) => join(folder, name)),
  );
  return paths.find(isProgram);
}

/** Paths for a pattern with one `*` that stands for a folder. */
function expand(pattern) {
  if (!pattern.includes("*")) return [pattern];
  const [before, after] = pattern.split("*");
  return existsSync(before) ? readdirSync(before).map((name) => `${before}${name}${after}`) : [];
}

const TYPES = {
  html: "text/html",
  js: "text/javascript",
  mjs: "text/javascript",
  wasm: "application/wasm",
};

/** What makes a page cross-origin isolated, so that it may share memory with its workers. */
const ISOLATION = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

/**
 * Serves files to pages, and takes their reports.
 *
 * @param files contents by path
 * @param isolated  whether pages are cross-origin isolated
 * @returns a server with `url`, `report(seconds)`, which resolves to what a page posts next, and `close()`
 */
export async function serve(files, { isolated = true } = {}) {
  let deliver;
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    if (request.method === "POST") {
      const parts = [];
      request.on("data", (part) => parts.push(part));
      request.on("end", () => {
        response.end();
        deliver?.(JSON.parse(Buffer.concat(parts).toString("utf8")));
      });
      return;
    }
    const file = files[pathname];
    if (file === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      "content-type": TYPES[pathname.split(".").at(-1)] ?? "text/plain",
      ...(isolated ? ISOLATION : {}),
      "cache-control": "no-store",
      ...file.headers,
    });
    response.end(file.body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    report: () =>
      new Promise((resolve) => {
        deliver = resolve;
      }),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** A display for programs that cannot do without, and how to end it. */
async function display() {
  if (process.env.DISPLAY) return { name: process.env.DISPLAY, close() {} };
  const child = start(find(XVFB), ["-displayfd", "3", "-screen", "0", "1024x768x24"], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  const number = await new Promise((resolve, reject) => {
    child.stdio[3].once("data", (data) => resolve(String(data).trim()));
    child.once("error", reject);
    child.once("exit", () => reject(new Error("Xvfb ended")));
  });
  return { name: `:${number}`, close: () => end(child) };
}

/**
 * Opens a page in a browser and waits for its report.
 *
 * @throws Error when the browser ends or `seconds` pass without one, with the end of what the browser printed
 */
export async function visit(browser, path, server, page, seconds) {
  const profile = makeFolder();
  let screen;
  let child;
  let timer;
  try {
    screen = browser.needsDisplay ? await display() : undefined;
    browser.prepare?.(profile);
    child = start(path, browser.args(profile, `${server.url}${page}`), {
      env: { HOME: profile, ...browser.env, ...(screen ? { DISPLAY: screen.name } : {}) },
    });
    return await Promise.race([
      server.report(),
      new Promise((_, reject) => {
        const fail = (what) => reject(new Error(`${browser.name} ${what}\n${child.said()}`.trim()));
        child.once("error", reject);
        child.once("exit", (code, signal) => fail(`ended with status ${code ?? signal}`));
        timer = setTimeout(() => fail(`gave no result in ${seconds} s`), seconds * 1000);
      }),
    ]);
  } finally {
    clearTimeout(timer);
    if (child) {
      child.removeAllListeners();
      end(child);
    }
    screen?.close();
    removeFolder(profile);
  }
}
