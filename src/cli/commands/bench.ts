/** `smash bench`: the project's own benchmarks. */

import type { Command } from "commander";
import { readCommonOptions } from "../common-options.js";
import { parseInteger } from "../option-values.js";
import { runCommand } from "../run-command.js";

export function registerBench(command: Command): void {
  command
    .argument("<name>", "hypernet-step, network-step, ranking, growth, profile, input, memory or help")
    .option(
      "--steps <n>",
      "measured steps of each size, or runs (default: 15; network-step 6, ranking 12, growth 9, memory 200, help 30)",
      parseInteger("--steps", { min: 1 }),
    )
    .option("--out <folder>", "folder for the figure of growth (default: none is drawn)")
    .action((name: string, flags: { readonly steps?: number; readonly out?: string }, command: Command) =>
      runCommand(
        readCommonOptions(command),
        async (context) => {
          const { runBenchmark } = await import("./bench/run-benchmark.js");
          return runBenchmark(name, flags, context);
        },
        { stopping: "stopping…" },
      ),
    );
}
