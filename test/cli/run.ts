/** Runs the command in this process, and gives what it writes and its status. */
import { CommanderError, makeProgram } from "../../src/cli/commands.ts";
import { report, STATUS } from "../../src/cli/failures.ts";

export interface Ran {
  readonly out: string;
  readonly error: string;
  readonly status: number;
}

export async function run(...args: string[]): Promise<Ran> {
  let out = "";
  let error = "";
  let status = 0;
  const program = makeProgram({
    out: (text) => {
      out += `${text}\n`;
    },
    write: (text) => {
      out += text;
    },
    setStatus: (given) => {
      status = given;
    },
  });
  const writing = {
    writeOut: (text: string) => {
      out += text;
    },
    writeErr: (text: string) => {
      error += text;
    },
  };
  const all = [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)];
  for (const command of all) command.configureOutput(writing).exitOverride();
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (thrown) {
    if (thrown instanceof CommanderError) status = thrown.exitCode === 0 ? STATUS.done : STATUS.usage;
    else {
      const said = report(thrown);
      error += `${said.text}\n`;
      ({ status } = said);
    }
  }
  return { out, error, status };
}
