/** What runs programs as Node does. */
import { run } from "../../browser/programs.mjs";
import { path } from "./install.mjs";

/**
 * What a file of `hosts/` prints as JSON. It counts even if the program had to be ended: Node may hang at exit
 * (nodejs/node issue 54918).
 *
 * @param command  program, and what it takes before the file
 */
export async function printedBy([program, ...before], file, args, seconds) {
  const { stdout, error } = await run(program, [...before, path(`hosts/${file}`), ...args], { seconds });
  try {
    return JSON.parse(stdout);
  } catch {
    return { error: error ?? `${program}: no JSON; got ${stdout.slice(0, 200)}` };
  }
}

/** The named runs on a number of threads. */
export const reportOf = (command, threads, seconds = 120) =>
  printedBy(command, "child.mjs", ["--threads", `${threads}`], seconds);
