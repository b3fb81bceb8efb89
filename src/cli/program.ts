/**
 * The command line as a whole: the program, its commands, and what an error becomes.
 *
 * Limit: everything imported here is paid for by `smash --help`, so commands import their work inside their actions.
 */

import { Command, CommanderError } from "commander";
import { registerArch } from "./commands/arch.js";
import { registerBench } from "./commands/bench.js";
import { registerData } from "./commands/data.js";
import { registerDemo } from "./commands/demo.js";
import { registerRank } from "./commands/rank.js";
import { registerReport } from "./commands/report.js";
import { registerSearch } from "./commands/search.js";
import { registerStudy } from "./commands/study.js";
import { registerTrain } from "./commands/train.js";
import { addCommonOptions } from "./common-options.js";
import { exitCodes, reportError } from "./exit.js";
import { explainUsage } from "./explain-usage.js";
import { readVersion } from "./read-version.js";

/** In the order of the help. A new command is its import and its line here. */
const registrations: readonly ((program: Command) => void)[] = [
  registerDemo,
  registerSearch,
  registerRank,
  registerTrain,
  registerReport,
  registerStudy,
  registerArch,
  registerData,
  registerBench,
];

/** The program with all its commands; parsing throws `CommanderError` for help and the version, else `SmashError`. */
export function createProgram(): Command {
  const program = new Command("smash")
    .description("One-shot neural architecture search through HyperNets")
    .version(readVersion(), "-V, --version", "show the version")
    .helpOption("-h, --help", "show the help of a command")
    .helpCommand("help [command]", "show the help of a command");
  addCommonOptions(program);
  for (const register of registrations) register(program);
  prepare(program);
  return program;
}

/** Parses the arguments, runs the command, and leaves the exit code in `process.exitCode`. */
export async function runProgram(args: readonly string[]): Promise<void> {
  try {
    await createProgram().parseAsync(args, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help that nobody asked for stands in for a missing command.
      process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
      return;
    }
    process.exitCode = reportError(error, { verbose: args.includes("--verbose") });
  }
}

/** Commander hands its settings down only to commands made later, and the messages need the command they are of. */
function prepare(command: Command): void {
  command
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: () => undefined })
    .exitOverride((error) => {
      throw explainUsage(error, command);
    });
  for (const child of command.commands) prepare(child);
}
