/**
 * Builds, serves and tests the site in `site/`. What it needs from npm is in `site/package.json`, and is installed on first use.
 *
 *   node scripts/site.mjs build    writes the site into build/site: static files, any base path
 *   node scripts/site.mjs serve    builds, and serves what it built; `--port N`, default 4173
 *   node scripts/site.mjs dev      serves the sources, and follows changes of pages' code
 *   node scripts/site.mjs check    types of the site's code
 *   node scripts/site.mjs keep     keeps the engine of this version for the links of later sites: at a release
 *   node scripts/site.mjs test     builds, runs `site/test`, then its pages in the browsers at hand; words choose test files
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const site = join(root, "site");

/** Ends this process with the command's status where it fails. */
function run(program, args, { mayFail = false } = {}) {
  const { status } = spawnSync(program, args, { cwd: root, stdio: "inherit" });
  if (status !== 0 && !mayFail) process.exit(status ?? 1);
  return status ?? 1;
}

/** Installs what `site/package-lock.json` lists, unless that was done, and makes "wasmgrad" mean this checkout there. */
function install() {
  const lock = readFileSync(join(site, "package-lock.json"), "utf8");
  const stamp = join(site, "node_modules/.installed-lock.json");
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) {
    run("npm", ["ci", "--prefix", site, "--no-audit", "--no-fund", "--ignore-scripts"]);
    writeFileSync(stamp, lock);
  }
  const link = join(site, "node_modules/wasmgrad");
  if (!statSync(link, { throwIfNoEntry: false })) symlinkSync("../..", link, "dir");
}

const node = (file, ...args) => run(process.execPath, [join(site, file), ...args]);
const [command, ...args] = process.argv.slice(2);
const commands = {
  build: () => node("builder/build.mjs"),
  serve() {
    node("builder/build.mjs");
    node("builder/serve.mjs", ...args);
  },
  dev: () => node("builder/serve.mjs", "--dev", ...args),
  check: () => run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", site]),
  keep: () => node("builder/keep.mjs"),
  test() {
    node("builder/build.mjs");
    node("test/run.mjs", ...args);
  },
};
if (!(command in commands)) {
  console.error(`site: must be one of ${Object.keys(commands).join(", ")}; got ${JSON.stringify(command)}`);
  process.exit(2);
}
install();
commands[command]();
