/** Bun and Deno, which run the same file as Node. */
import { reportOf } from "./child.mjs";
import { fromNpm } from "./install.mjs";
import { THREADS } from "./threads.mjs";

const asNode = (name, file, flags) => ({
  name,
  async find() {
    const { program, missing } = fromNpm(name.toLowerCase(), file);
    if (missing) return { missing };
    const command = [program, ...flags];
    return { ways: THREADS.map((threads) => ({ threads, run: () => reportOf(command, threads) })) };
  },
});

export const bun = asNode("Bun", "bin/bun", ["run"]);
export const deno = asNode("Deno", "deno", ["run", "--allow-all", "--no-config", "--no-lock"]);
