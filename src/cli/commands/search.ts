/** `smash search`: train the HyperNet, rank, keep the best. */

import type { Command } from "commander";
import { readCommonOptions } from "../common-options.js";
import { configOption } from "../config-option.js";
import { imageSizeOption, type ImageSizeFlag } from "../image-size.js";
import { parseChoice } from "../option-values.js";
import { runCommand } from "../run-command.js";
import {
  addByFlag,
  addCountFlags,
  addFinalistsFlag,
  addFineTuneFlag,
  addLimitFlags,
  readLimits,
  strategyNames,
  type ByFlag,
  type CountFlags,
  type FinalistsFlag,
  type FineTuneFlag,
  type LimitFlags,
} from "../search-flags.js";

interface SearchFlags extends ImageSizeFlag, LimitFlags, CountFlags, ByFlag, FineTuneFlag, FinalistsFlag {
  readonly data: string;
  readonly preset: string;
  readonly config?: string;
  readonly out: string;
  readonly strategy?: (typeof strategyNames)[number];
}

export function registerSearch(command: Command): void {
  command
    .requiredOption("--data <name>", "data set, see `smash data list`, or folder:PATH")
    .addOption(imageSizeOption())
    .option(
      "--preset <name>",
      "tiny, demo, small, paper-v1, paper-v2, nas-bench-201 or nas-bench-201-tiny",
      "small",
    )
    .option(...configOption)
    .option("--out <folder>", "the run's folder", "runs/search")
    .option(
      "--strategy <name>",
      "what proposes the networks after the random samples: random, perturb, chain, evolution or nsga2 (default: as the preset has it)",
      parseChoice("--strategy", strategyNames),
    );
  addByFlag(
    command,
    "measure to rank by: loss, error, loss+naswot or predicted (default: as the preset has it)",
  );
  addFineTuneFlag(command, "as the preset has it");
  addFinalistsFlag(command, "as the preset has it");
  addLimitFlags(addCountFlags(command, "as the preset has it")).action(
    (flags: SearchFlags, command: Command) =>
      runCommand(readCommonOptions(command), async (context) => {
        const { search } = await import("./run/search.js");
        const { quoted } = await import("../../run/index.js");
        const { by, fineTune, finalists, strategy, perturb, chain, evolution, nsga2 } = flags;
        const counts = { perturb, chain, evolution, nsga2 };
        const choice = { limits: readLimits(flags), rankedBy: by, fineTune, finalists, strategy, counts };
        const { json, text } = await search(
          { ...flags, choose: () => choice, configFile: flags.config },
          context,
        );
        return {
          json,
          text: `${text}\nto train it        npx smash train --data ${quoted(flags.data)} --run ${quoted(flags.out)}`,
        };
      }),
  );
}
