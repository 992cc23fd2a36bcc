/** Runtimes that npm brings, from this suite's own package.json and lock file: installed on first use. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A path in the suite's folder. */
export const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
/** A path in the repository. */
export const root = (name) => fileURLToPath(new URL(`../../../${name}`, import.meta.url));

let failure;

/** Installs what the lock file names and this machine can run, unless that was done. */
function install() {
  const lock = readFileSync(path("package-lock.json"), "utf8");
  const stamp = path("node_modules/.installed-lock");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  console.log("installing runtimes from npm ..");
  const { status, stderr } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], {
    cwd: path("."),
    encoding: "utf8",
    timeout: 600_000,
  });
  if (status === 0) writeFileSync(stamp, lock);
  else failure ??= `npm ci in test/determinism failed: ${stderr.trim().split("\n")[0]}`;
}

/**
 * The program of a runtime for this machine.
 *
 * @param file  its path in the package that npm brings
 * @returns its path, or why there is none
 */
export function fromNpm(runtime, file) {
  if (!failure) install();
  const program = path(`node_modules/${runtime}-${process.platform}-${process.arch}/${file}`);
  if (existsSync(program)) return { program };
  return { missing: failure ?? `no package of it for ${process.platform} on ${process.arch}` };
}
