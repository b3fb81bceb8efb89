/**
 * The command line as a whole: the program, its commands, and what an error becomes.
 *
 * Limit: everything imported here is paid for by `smash --help`, a few milliseconds a file. So a command's file is loaded
 * when its name is among the arguments, and imports its work inside its action.
 */

import { Command, CommanderError, Help, type Option } from "commander";
import { addCommonOptions } from "./common-options.js";
import { explainUsage } from "./explain-usage.js";
import { readVersion } from "./read-version.js";

interface CommandEntry {
  readonly name: string;
  /** Its line in the program's help. */
  readonly summary: string;
  /** Gives the function that adds arguments, options, action or commands below it. */
  readonly load: () => Promise<(command: Command) => void>;
}

/** In the order of the help. A new command is its entry here and its file. */
const entries: readonly CommandEntry[] = [
  {
    name: "demo",
    summary: "fetch CIFAR-10, search, rank, train the best, test it, write the report: a few minutes",
    load: async () => (await import("./commands/demo.js")).registerDemo,
  },
  {
    name: "search",
    summary: "train a HyperNet, rank architectures with it, keep the best; goes on where it was stopped",
    load: async () => (await import("./commands/search.js")).registerSearch,
  },
  {
    name: "rank",
    summary: "rank more architectures with the trained HyperNet of a run",
    load: async () => (await import("./commands/rank.js")).registerRank,
  },
  {
    name: "train",
    summary: "train one network normally, from scratch, and test it; goes on where it was stopped",
    load: async () => (await import("./commands/train.js")).registerTrain,
  },
  {
    name: "eval",
    summary: "test a trained network",
    load: async () => (await import("./commands/train.js")).registerEval,
  },
  {
    name: "export",
    summary: "write a trained network for other programs, checked against the original on 256 images",
    load: async () => (await import("./commands/export.js")).registerExport,
  },
  {
    name: "report",
    summary: "write report.html and the figures of a run, finished or not",
    load: async () => (await import("./commands/report.js")).registerReport,
  },
  {
    name: "study",
    summary: "measure how well scores predict trained networks; goes on where it was stopped",
    load: async () => (await import("./commands/study.js")).registerStudy,
  },
  {
    name: "arch",
    summary: "sample, perturb, show and check architectures",
    load: async () => (await import("./commands/arch.js")).registerArch,
  },
  {
    name: "data",
    summary: "list, fetch and check data sets",
    load: async () => (await import("./commands/data.js")).registerData,
  },
  {
    name: "bench",
    summary:
      "measure the speed of this program: steps and ranking against plain PyTorch, growth, profile, memory, help",
    load: async () => (await import("./commands/bench.js")).registerBench,
  },
];

const examples = `
Examples:
  smash demo
  smash search --data cifar10 --preset demo --out runs/mine
  smash train --data cifar10 --run runs/mine
  smash search --help`;

/**
 * The program with all its commands, of which only those that `args` name are complete; parsing throws `CommanderError`
 * for help and the version, else `SmashError`.
 */
async function createProgram(args: readonly string[]): Promise<Command> {
  const program = new Command("smash")
    .description("One-shot neural architecture search through HyperNets")
    .version(readVersion(), "-V, --version", "show the version")
    .helpOption("-h, --help", "show the help of a command")
    .helpCommand("help [command]", "show the help of a command");
  addCommonOptions(program);
  program.addHelpText("after", examples);
  for (const { name, summary, load } of entries) {
    const command = program.command(name).description(summary);
    // An option's value may be called like a command; then that one is loaded for nothing.
    if (args.includes(name)) (await load())(command);
  }
  prepare(program);
  // Names alone: what else is known of a command depends on whether it is loaded.
  program.configureHelp({ showGlobalOptions: true, subcommandTerm: (command) => command.name() });
  return program;
}

/** Parses the arguments, runs the command, and leaves the exit code in `process.exitCode`. */
export async function runProgram(args: readonly string[]): Promise<void> {
  try {
    const program = await createProgram(args);
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return;
    const { exitCodes, reportError } = await import("./exit.js");
    if (error instanceof CommanderError) {
      // Help that nobody asked for stands in for a missing command.
      process.exitCode = exitCodes.usage;
      return;
    }
    process.exitCode = reportError(error, { verbose: args.includes("--verbose") });
  }
}

/** As commander does, and whether it can be left out. */
function describeOption(option: Option): string {
  return `${new Help().optionDescription(option)}${option.mandatory ? " (required)" : ""}`;
}

/** Commander hands its settings down only to commands made later, and the messages need the command they are of. */
function prepare(command: Command): void {
  command
    .configureHelp({ showGlobalOptions: true, optionDescription: describeOption })
    .configureOutput({ outputError: () => undefined })
    .exitOverride((error) => {
      throw explainUsage(error, command);
    });
  for (const child of command.commands) prepare(child);
}
