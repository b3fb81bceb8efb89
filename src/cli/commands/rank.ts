/** `smash rank`: rank more architectures with a trained HyperNet. */

import type { Command } from "commander";
import { readCommonOptions } from "../common-options.js";
import { parseChoice, parseInteger } from "../option-values.js";
import { runCommand } from "../run-command.js";
import {
  addByFlag,
  addCountFlags,
  addFinalistsFlag,
  addFineTuneFlag,
  addLimitFlags,
  strategyNames,
  type ByFlag,
  type CountFlags,
  type FinalistsFlag,
  type FineTuneFlag,
  type LimitFlags,
} from "../search-flags.js";

export interface RankFlags extends LimitFlags, CountFlags, ByFlag, FineTuneFlag, FinalistsFlag {
  readonly run: string;
  readonly samples: number;
  readonly strategy?: (typeof strategyNames)[number];
}

export function registerRank(command: Command): void {
  command
    .requiredOption("--run <folder>", "the run's folder")
    .option("--samples <n>", "how many more architectures to rank", parseInteger("--samples", { min: 0 }), 0)
    .option(
      "--strategy <name>",
      "what proposes them: random, perturb, chain, evolution or nsga2 (default: random)",
      parseChoice("--strategy", strategyNames),
    );
  addByFlag(
    command,
    "measure that orders the printed list: loss, error or, where the run has them, loss+naswot or predicted (default: the run's)",
  );
  addFineTuneFlag(command, "as many as in the run's config.json");
  addFinalistsFlag(command, "as many as in the run's config.json");
  addLimitFlags(addCountFlags(command, "0")).action((flags: RankFlags, command: Command) =>
    runCommand(readCommonOptions(command), async (context) => {
      const { rank } = await import("./run/rank.js");
      return rank(flags, context);
    }),
  );
}
