/** What the command understands: its subcommands, their arguments and what each does. */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { VERSION } from "../index.ts";
import { formatBench, runBench } from "./bench.ts";
import { evaluate, formatEvaluate } from "./evaluate.ts";
import { STATUS } from "./failures.ts";
import { describeEngine, describeModel, formatEngine, formatModel } from "./info.ts";
import { predict, type Write } from "./predict.ts";
import { startProgress } from "./progress.ts";
import { formatTrain, type TrainFlags, train } from "./train.ts";
import { runXor, showXor } from "./xor.ts";

/** Where the command writes: stdout is for results, stderr for people. */
export interface Output {
  out(text: string): void;
  /** A piece of a long result; waits until the reader has caught up. */
  write: Write;
  setStatus(status: number): void;
}

export const count = (least: number) => (text: string) => {
  const n = Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(n) || n < least)
    throw new InvalidArgumentError(`It must be a whole number >= ${least}.`);
  return n;
};

const within =
  (least: number, rule: string, most = Number.POSITIVE_INFINITY) =>
  (text: string) => {
    const n = Number(text);
    if (text.trim() === "" || !(n >= least && n < most))
      throw new InvalidArgumentError(`It must be ${rule}.`);
    return n;
  };

const list = (text: string) =>
  text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");

/** `32,16`; `0` for none. */
const units = (text: string) => {
  if (text.trim() === "0") return [];
  const counts = list(text).map(Number);
  if (counts.length === 0 || !counts.every((n) => Number.isSafeInteger(n) && n >= 1))
    throw new InvalidArgumentError("It must be whole numbers such as 32,16; 0 trains a linear model.");
  return counts;
};

/** `zip=category,born=date`. */
const kinds = (text: string) =>
  Object.fromEntries(
    list(text).map((entry) => {
      const at = entry.lastIndexOf("=");
      const kind = entry.slice(at + 1).trim();
      if (at < 1 || !["number", "category", "date"].includes(kind))
        throw new InvalidArgumentError("It must be columns with number, category or date: zip=category.");
      return [entry.slice(0, at).trim(), kind];
    }),
  );

/** Options of every command that reads CSV. */
const reading = (command: Command) =>
  command
    .option("--delimiter <sign>", "what parts the cells (default: told from the file)", (sign) =>
      sign === "\\t" ? "\t" : sign,
    )
    .addOption(
      new Option("--decimal <sign>", "the sign before decimals (default: told from the file)").choices([
        ".",
        ",",
      ]),
    );

/** The whole command line; each action ends by itself or throws. */
export function makeProgram({ out, write, setStatus }: Output): Command {
  const program = new Command("wasmgrad")
    .description("Trains neural networks on tables, and predicts with them. The same bits on every machine.")
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "print what there is")
    .helpCommand(false)
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .exitOverride();

  addTableCommands(program, { out, write, setStatus });

  const showModel = async (path: string, json: boolean | undefined) => {
    const found = await describeModel(path);
    out(json ? JSON.stringify(found) : formatModel(found));
  };
  const info = program
    .command("info")
    .description("say what a model file holds, or what runs here")
    .argument("[file]", "a model file; the same as info model <file>")
    .option("--json", "print one JSON object")
    .helpCommand(false)
    // What stands behind a subcommand is the subcommand's.
    .enablePositionalOptions()
    .action((path: string | undefined, { json }: { json?: boolean }, command: Command) =>
      path === undefined ? command.help({ error: true }) : showModel(path, json),
    );
  info
    .command("engine")
    .description("what runs the kernels here")
    .option("--json", "print one JSON object")
    .action(({ json }: { json?: boolean }) => {
      const engine = describeEngine();
      out(json ? JSON.stringify(engine) : formatEngine(engine));
      if (!engine.simd) setStatus(STATUS.data);
    });

  info
    .command("model")
    .description("what a model file holds")
    .argument("<file>", "a file that train wrote, or that save wrote")
    .option("--json", "print one JSON object")
    .action((path: string, { json }: { json?: boolean }) => showModel(path, json));

  program
    .command("xor")
    .description("train the XOR MLP until its loss is below 0.01, and show it")
    .option("--seed <n>", "seed of the initial weights", count(0), 0)
    .option("--json", "print one JSON object")
    .action(({ seed, json }: { seed: number; json?: boolean }) => {
      const outcome = runXor(seed);
      if (json) out(JSON.stringify(outcome.report));
      else showXor(outcome, seed);
      if (!outcome.report.converged) setStatus(STATUS.different);
    });

  program
    .command("bench")
    .description("time a fixed suite, and compare its results with those of every other machine")
    .option("--json", "print one JSON object")
    .action(({ json }: { json?: boolean }) => {
      const progress = startProgress(json === true);
      const report = runBench((name, index, total) => progress.show(index, total, name));
      progress.end();
      out(json ? JSON.stringify(report) : formatBench(report));
      if (report.workloads.some(({ bits }) => bits === "different")) setStatus(STATUS.different);
    });

  return program;
}

/** `train`, `predict` and `evaluate`. */
function addTableCommands(program: Command, { out, write, setStatus }: Output): void {
  const tasks = ["classification", "regression"];
  reading(program.command("train"))
    .description("train a network on a table: CSV, or rows in a .json file; - for stdin")
    .argument("<data>", "the file with the rows")
    .option("--target <column>", "the column to predict")
    .option("--out <file>", "the model file to write (default: the data's name with .safetensors)")
    .option("--hidden <units>", "units of the hidden layers, such as 32,16 (default: by rows)", units)
    .option("--epochs <n>", "the most epochs (default: by rows, at most 200)", count(1))
    .option(
      "--validate <share>",
      "share of the rows held back to score on (default: 0.2)",
      within(0, "in [0, 1)", 1),
    )
    .option("--seed <n>", "seed of everything random (default: 0)", count(0))
    .option("--drop <columns>", "columns that the network shall not see: id,name", list)
    .option("--kind <kinds>", "what columns are, and to keep them: zip=category,born=date", kinds)
    .addOption(new Option("--task <task>", "what the target is (default: told from it)").choices(tasks))
    .addOption(
      new Option("--class-weight <how>", "how classes count (default: balanced where one is rare)").choices([
        "balanced",
        "none",
      ]),
    )
    .option("--learning-rate <rate>", "step size (default: 0.003)", within(Number.MIN_VALUE, "a number > 0"))
    .option("--weight-decay <decay>", "decay of the weights (default: chosen)", within(0, "a number >= 0"))
    .option("--batch-size <rows>", "rows of an update (default: by rows)", count(1))
    .option("--patience <epochs>", "epochs without a better loss before it stops (default: 20)", count(1))
    .option("--no-refit", "do not train again on all rows at the end")
    .option("--resume <file>", "go on with a model that train wrote")
    .option("--json", "print one JSON object")
    .action(async (path: string, { refit, ...flags }: TrainFlags) => {
      const outcome = await train(path, refit === false ? { ...flags, refit } : flags);
      out(flags.json ? JSON.stringify(outcome) : formatTrain(outcome));
      if (outcome.isInterrupted) setStatus(STATUS.interrupted);
    });

  reading(program.command("predict"))
    .description("write the rows of a table with the prediction for each, as CSV on stdout")
    .argument("<model>", "a file that train wrote")
    .argument("<rows>", "the file with the rows; - for stdin")
    .option("--json", "write one JSON object a row")
    .action(async (model: string, rows: string, settings) => {
      await predict(model, rows, settings, write);
    });

  reading(program.command("evaluate"))
    .description("score a model on rows with a known target")
    .argument("<model>", "a file that train wrote")
    .argument("<rows>", "the file with the rows; - for stdin")
    .option("--target <column>", "the column with the truth (default: the one that the model does not read)")
    .option("--json", "print one JSON object")
    .action(async (model: string, rows: string, { json, ...settings }) => {
      const outcome = await evaluate(model, rows, settings);
      out(json ? JSON.stringify(outcome) : formatEvaluate(outcome));
    });
}

export { CommanderError };
