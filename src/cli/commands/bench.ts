/** `smash bench`: the project's own benchmarks. */

import type { Command } from "commander";
import { readCommonOptions } from "../common-options.js";
import { parseInteger } from "../option-values.js";
import { runCommand } from "../run-command.js";

export function registerBench(program: Command): void {
  program
    .command("bench")
    .description("benchmarks of the project: hypernet-step (against plain PyTorch, interleaved)")
    .argument("<name>", "hypernet-step")
    .option("--steps <n>", "measured steps a size", parseInteger("--steps", { min: 1 }), 15)
    .action((name: string, flags: { readonly steps: number }, command: Command) =>
      runCommand(readCommonOptions(command), async (context) => {
        const { runBenchmark } = await import("./bench/run-benchmark.js");
        return runBenchmark(name, flags, context);
      }),
    );
}
