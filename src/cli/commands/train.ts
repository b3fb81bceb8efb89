/** `smash train` and `smash eval`: train one network normally; test a trained one. */

import type { Command } from "commander";
import type { RecipeName } from "../../config/index.js";
import { readCommonOptions } from "../common-options.js";
import { imageSizeOption, type ImageSizeFlag } from "../image-size.js";
import { parseChoice, parseInteger } from "../option-values.js";
import { runCommand } from "../run-command.js";

export interface TrainFlags extends ImageSizeFlag {
  readonly data: string;
  readonly run?: string;
  readonly rank: number;
  readonly arch?: string;
  readonly network?: string;
  readonly preset: string;
  readonly recipe?: RecipeName;
  readonly config?: string;
  readonly epochs?: number;
  readonly out?: string;
}

export interface EvalFlags extends ImageSizeFlag {
  readonly checkpoint: string;
  readonly data: string;
}

export function registerTrain(command: Command): void {
  command
    .requiredOption("--data <name>", "data set, see `smash data list`, or folder:PATH")
    .addOption(imageSizeOption({ of: "network" }))
    .option("--run <folder>", "train an architecture that this run found")
    .option(
      "--rank <k>",
      "which of the run's architectures, 1 is the best",
      parseInteger("--rank", { min: 1 }),
      1,
    )
    .option("--arch <file>", "train this architecture instead of a run's")
    .option(
      "--network <name>",
      "train a known network, sized to the preset's space: resnet, wide-resnet, densenet or fractalnet",
    )
    .option("--preset <name>", "training settings, for --arch and --network", "small")
    .option(
      "--recipe <name>",
      "paper or strong, see docs/training.md (default: the preset's or run's settings)",
      parseChoice<RecipeName>("--recipe", ["paper", "strong"]),
    )
    .option("--config <file>", "JSON with settings of networkTraining to change, after --recipe")
    .option(
      "--epochs <n>",
      "length of the training (default: the preset's or the run's)",
      parseInteger("--epochs", { min: 1 }),
    )
    .option(
      "--out <file>",
      "checkpoint to write (default: in checkpoints/ of the run, or network.safetensors)",
    )
    .action((flags: TrainFlags, command: Command) =>
      runCommand(readCommonOptions(command), async (context) => {
        const { train } = await import("./run/train.js");
        return train(flags, context);
      }),
    );
}

export function registerEval(command: Command): void {
  command
    .requiredOption("--checkpoint <file>", "the network, as smash train wrote it")
    .requiredOption("--data <name>", "data set, see `smash data list`, or folder:PATH")
    .addOption(imageSizeOption({ of: "checkpoint" }))
    .action((flags: EvalFlags, command: Command) =>
      runCommand(readCommonOptions(command), async (context) => {
        const { evaluateCheckpoint } = await import("./run/train.js");
        return evaluateCheckpoint(flags, context);
      }),
    );
}
