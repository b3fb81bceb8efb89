/** `smash arch`: architectures as JSON files, made, changed, drawn and checked. */

import type { Command } from "commander";
import { readCommonOptions } from "../common-options.js";
import { configOption } from "../config-option.js";
import { parseInteger, parseNumber } from "../option-values.js";
import { runCommand } from "../run-command.js";
import type { PerturbCommandOptions } from "./arch/perturb.js";
import type { SampleCommandOptions } from "./arch/sample.js";
import type { ShowCommandOptions } from "./arch/show.js";

const presetOption = ["--preset <name>", "the search space, by the name of its preset"] as const;

export function registerArch(arch: Command): void {
  arch
    .command("sample")
    .description("draw random architectures")
    .requiredOption(...presetOption)
    .option(...configOption)
    .option("--count <n>", "how many", parseInteger("--count", { min: 1, max: 1_000_000 }), 1)
    .option("--out <path>", "write them: FILE.json for one, else a folder")
    .option(
      "--summary",
      "show how large they are, and how much of their weights a HyperNet generates, instead of each one",
    )
    .action((options: SampleCommandOptions, command: Command) =>
      runCommand(readCommonOptions(command), async (context) => {
        const { sampleCommand } = await import("./arch/sample.js");
        return sampleCommand(options, context);
      }),
    );

  arch
    .command("perturb")
    .description("change a few random choices of an architecture")
    .argument("<file>", "architecture as JSON")
    .requiredOption(...presetOption)
    .option(...configOption)
    .option(
      "--probability <p>",
      "probability that a choice is made again (default: 0.05, in a cell 0.15)",
      parseNumber("--probability", { min: 0, max: 1 }),
    )
    .option("--out <file>", "write the new architecture")
    .action((file: string, options: PerturbCommandOptions, command: Command) =>
      runCommand(readCommonOptions(command), async (context) => {
        const { perturbCommand } = await import("./arch/perturb.js");
        return perturbCommand(file, options, context);
      }),
    );

  arch
    .command("show")
    .description("show the layers of an architecture, its parameters and its multiply-adds")
    .argument("<file>", "architecture as JSON, or resnet, wide-resnet, densenet, fractalnet")
    .option("--preset <name>", "the space that sizes a network given by name", "small")
    .option(...configOption)
    .option("--svg <out>", "also draw it, as SVG")
    .action((file: string, options: ShowCommandOptions, command: Command) =>
      runCommand(readCommonOptions(command), async () => {
        const { showCommand } = await import("./arch/show.js");
        return showCommand(file, options);
      }),
    );

  arch
    .command("check")
    .description("say whether files hold valid architectures, and what is wrong")
    .argument("<files...>", "architectures as JSON")
    .action((files: readonly string[], _: object, command: Command) =>
      runCommand(readCommonOptions(command), async () => {
        const { checkCommand } = await import("./arch/check.js");
        return checkCommand(files);
      }),
    );
}
