/** The command `wasmgrad`. */
import { CommanderError, makeProgram } from "./commands.ts";
import { report, STATUS } from "./failures.ts";

async function main(): Promise<void> {
  const program = makeProgram({
    out: (text) => {
      process.stdout.write(`${text}\n`);
    },
    write: (text) => {
      if (process.stdout.write(text)) return;
      return new Promise<void>((resolve) => process.stdout.once("drain", resolve));
    },
    setStatus: (status) => {
      process.exitCode = status;
    },
  });
  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and version end that way, too.
      process.exitCode = error.exitCode === 0 ? STATUS.done : STATUS.usage;
      return;
    }
    const { text, status } = report(error);
    process.stderr.write(`${text}\n`);
    process.exitCode = status;
  }
}

// Whoever reads may stop before all is written, as `head` does.
process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
  if (code === "EPIPE") process.exit(STATUS.done);
});
await main();
// At once: ending by itself, Node may wait for ever for a compilation of V8's (nodejs/node issue 54918).
process.stdout.write("", () => process.exit());
