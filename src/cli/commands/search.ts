/** `smash search`: train the HyperNet, rank, keep the best. */

import type { Command } from "commander";
import { readCommonOptions } from "../common-options.js";
import { imageSizeOption, type ImageSizeFlag } from "../image-size.js";
import { runCommand } from "../run-command.js";

interface SearchFlags extends ImageSizeFlag {
  readonly data: string;
  readonly preset: string;
  readonly config?: string;
  readonly out: string;
}

export function registerSearch(command: Command): void {
  command
    .requiredOption("--data <name>", "data set, see `smash data list`, or folder:PATH")
    .addOption(imageSizeOption())
    .option("--preset <name>", "tiny, demo, small, paper-v1, paper-v2 or nas-bench-201", "small")
    .option("--config <file>", "JSON with settings to change, laid out as config.json of any run")
    .option("--out <folder>", "the run's folder", "runs/search")
    .action((flags: SearchFlags, command: Command) =>
      runCommand(readCommonOptions(command), async (context) => {
        const { search } = await import("./run/search.js");
        const { json, text } = await search({ ...flags, configFile: flags.config }, context);
        return {
          json,
          text: `${text}\nto train it        npx smash train --data ${flags.data} --run ${flags.out}`,
        };
      }),
    );
}
