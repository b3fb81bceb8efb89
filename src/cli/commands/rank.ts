/** `smash rank`: rank more architectures with a trained HyperNet. */

import type { Command } from "commander";
import { readCommonOptions } from "../common-options.js";
import { parseChoice, parseInteger } from "../option-values.js";
import { runCommand } from "../run-command.js";
import {
  addByFlag,
  addCountFlags,
  addFineTuneFlag,
  addLimitFlags,
  strategyNames,
  type ByFlag,
  type CountFlags,
  type FineTuneFlag,
  type LimitFlags,
} from "../search-flags.js";

export interface RankFlags extends LimitFlags, CountFlags, ByFlag, FineTuneFlag {
  readonly run: string;
  readonly samples: number;
  readonly strategy?: (typeof strategyNames)[number];
}

export function registerRank(command: Command): void {
  command
    .requiredOption("--run <folder>", "the run's folder")
    .option("--samples <n>", "architectures proposed by --strategy", parseInteger("--samples", { min: 0 }), 0)
    .option(
      "--strategy <name>",
      "who proposes the samples: random, perturb, chain, evolution or nsga2 (default: random)",
      parseChoice("--strategy", strategyNames),
    );
  addByFlag(
    command,
    "order of the list printed: loss, error or, where the run has both, loss+naswot (default: the run's)",
  );
  addFineTuneFlag(command, "as many as in the run's config.json");
  addLimitFlags(addCountFlags(command, "0")).action((flags: RankFlags, command: Command) =>
    runCommand(readCommonOptions(command), async (context) => {
      const { rank } = await import("./run/rank.js");
      return rank(flags, context);
    }),
  );
}
