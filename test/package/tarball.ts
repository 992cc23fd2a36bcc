/** The package as npm would publish it, for tests that use it as its users do. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The path of the tarball. Test files that ask at the same time share one: the build packs once for a state of `dist/`. */
export function tarball(): string {
  execFileSync(process.execPath, ["scripts/build.mjs", "--pack"], { cwd: root, stdio: "inherit" });
  return join(root, "build/wasmgrad.tgz");
}

/** Unpacks the tarball into `node_modules/wasmgrad` of a folder. It has no dependencies, so this is an installation. */
export function installInto(folder: string): void {
  const target = join(folder, "node_modules/wasmgrad");
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  execFileSync("tar", ["-xzf", tarball(), "-C", target, "--strip-components=1"]);
}

/**
 * A project with dependencies of its own and the packed package: a folder beside this file with package.json and
 * package-lock.json. Its dependencies are installed when the lock file is new, and kept.
 *
 * @returns its path
 */
export function projectWithPackage(name: string): string {
  const folder = fileURLToPath(new URL(name, import.meta.url));
  const lock = readFileSync(join(folder, "package-lock.json"), "utf8");
  const stamp = join(folder, "node_modules/.installed-lock");
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) {
    execFileSync("npm", ["ci", "--no-audit", "--no-fund"], {
      cwd: folder,
      stdio: ["ignore", "ignore", "inherit"],
    });
    writeFileSync(stamp, lock);
  }
  installInto(folder);
  return folder;
}
