/** `smash demo`: the main job on real CIFAR-10 in a few minutes on two cores. */

import type { Command } from "commander";
import { readCommonOptions } from "../common-options.js";
import { imageSizeOption, type ImageSizeFlag } from "../image-size.js";
import { runCommand } from "../run-command.js";
import { addLimitFlags, type LimitFlags } from "../search-flags.js";

export interface DemoFlags extends ImageSizeFlag, LimitFlags {
  readonly data: string;
  readonly preset: string;
  readonly out: string;
}

export function registerDemo(command: Command): void {
  command
    .option("--data <name>", "data set, see `smash data list`, or folder:PATH", "cifar10")
    .addOption(imageSizeOption())
    .option("--preset <name>", "what is searched and how, as in smash search", "demo")
    .option("--out <folder>", "the run's folder", "runs/demo");
  addLimitFlags(command, { flops: "10,000 a pixel with the preset demo" }).action(
    (flags: DemoFlags, command: Command) =>
      runCommand(readCommonOptions(command), async (context) => {
        const { demo } = await import("./run/demo.js");
        return demo(flags, context);
      }),
  );
}
