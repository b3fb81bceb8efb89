/** `smash study`: the experiments. */

import type { Command } from "commander";
import { readCommonOptions } from "../common-options.js";
import { configOption } from "../config-option.js";
import { imageSizeOption, type ImageSizeFlag } from "../image-size.js";
import { parseChoice, parseInteger } from "../option-values.js";
import { runCommand } from "../run-command.js";
import { addByFlag, type ByFlag } from "../search-flags.js";

export interface StudyFlags extends ImageSizeFlag, ByFlag {
  readonly run?: string;
  readonly data: string;
  readonly preset: string;
  readonly config?: string;
  readonly table?: string;
  readonly limit?: number;
  readonly truths?: string;
  readonly samples: number;
  readonly seeds: number;
  readonly epochs?: number;
  readonly fineTuned?: boolean;
  readonly images?: number;
  readonly batchNorm?: "recalibrated" | "batch" | "running";
  readonly proxies?: string;
  readonly to?: string;
  readonly moves?: number;
  readonly candidates?: number;
  readonly out?: string;
}

export function registerStudy(command: Command): void {
  const count = (flag: string) => parseInteger(flag, { min: 1 });
  command
    .argument(
      "<name>",
      "nas-bench-201, correlation, capacity, crippled, free-weights, seeds, corrupt, gradient or transfer",
    )
    .option("--run <folder>", "use the trained HyperNet of this run instead of training one")
    .option(
      "--data <name>",
      "data set to train a HyperNet on, see `smash data list`, or folder:PATH",
      "cifar10",
    )
    .addOption(imageSizeOption())
    .option("--preset <name>", "space and settings of the study", "nas-bench-201")
    .option(...configOption)
    .option(
      "--table <file>",
      "CSV with the known accuracies of cells, columns architecture,test_accuracy_percent",
    )
    .option("--limit <n>", "use only n rows of the table, spread evenly", count("--limit"))
    .option(
      "--truths <folder>",
      "take true errors from an earlier study of the same architectures, and train none",
    )
    .option("--samples <n>", "random architectures, where there is no table", count("--samples"), 100)
    .option(
      "--seeds <n>",
      "trainings of each network, each with a seed of its own; in the study seeds, HyperNets, too",
      count("--seeds"),
      2,
    )
    .option("--epochs <n>", "length of a normal training (default: the run's or preset's)", count("--epochs"))
    .option("--fine-tuned", "score every network after a little training from its generated weights")
    .option(
      "--images <n>",
      "held-out images that a score is measured on (default: the run's or preset's)",
      count("--images"),
    )
    .option(
      "--batch-norm <mode>",
      "BatchNorm statistics of a score: recalibrated, batch or running (default: the run's or preset's)",
      parseChoice("--batch-norm", ["recalibrated", "batch", "running"]),
    )
    .option(
      "--proxies <names>",
      "baselines, joined by commas (default: parameters,flops,synflow,naswot; in correlation short-training too)",
    )
    .option("--to <name>", "data set that networks are trained on, in the study transfer")
    .option(
      "--moves <n>",
      "moves in a row from each architecture, in the study gradient (default: 3)",
      count("--moves"),
    )
    .option(
      "--candidates <n>",
      "perturbations among which a move is chosen, in the study gradient (default: 16)",
      count("--candidates"),
    )
    .option("--out <folder>", "the study's folder (default: runs/study-NAME)");
  addByFlag(
    command,
    "the score that is judged: loss, error, loss+naswot or predicted (default: as the preset has it)",
  ).action((name: string, flags: StudyFlags, command: Command) =>
    runCommand(readCommonOptions(command), async (context) => {
      const { study } = await import("./run/study.js");
      return study(name, flags, context);
    }),
  );
}
