/** `smash rank`: rank more architectures with a trained HyperNet. */

import type { Command } from "commander";
import { readCommonOptions } from "../common-options.js";
import { parseChoice, parseInteger } from "../option-values.js";
import { runCommand } from "../run-command.js";

export interface RankFlags {
  readonly run: string;
  readonly samples: number;
  readonly perturb: number;
  readonly chain: number;
  readonly strategy?: "random" | "perturb" | "chain";
  readonly by?: "loss" | "error";
}

export function registerRank(command: Command): void {
  const count = (flag: string) => parseInteger(flag, { min: 0 });
  command
    .requiredOption("--run <folder>", "the run's folder")
    .option("--samples <n>", "architectures proposed by --strategy", count("--samples"), 0)
    .option("--perturb <n>", "perturbations of the best sampled one", count("--perturb"), 0)
    .option("--chain <n>", "steps of the greedy chain", count("--chain"), 0)
    .option(
      "--strategy <name>",
      "who proposes the samples",
      parseChoice("--strategy", ["random", "perturb", "chain"]),
    )
    .option(
      "--by <measure>",
      "order of the list printed: loss or error",
      parseChoice("--by", ["loss", "error"]),
    )
    .action((flags: RankFlags, command: Command) =>
      runCommand(readCommonOptions(command), async (context) => {
        const { rank } = await import("./run/rank.js");
        return rank(flags, context);
      }),
    );
}
