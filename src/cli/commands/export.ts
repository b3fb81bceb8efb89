/** `smash export`: a trained network as a file, or a page, that other programs run. */

import type { Command } from "commander";
import { readCommonOptions } from "../common-options.js";
import { parseInteger } from "../option-values.js";
import { runCommand } from "../run-command.js";

export interface ExportFlags {
  readonly checkpoint?: string;
  readonly run?: string;
  readonly rank: number;
  readonly data?: string;
  readonly onnx?: string;
  readonly int8: boolean;
  readonly safetensors?: string;
  readonly web?: string;
  /** True: with the default number of threads. */
  readonly latency?: true | number;
  readonly batch: number;
}

export function registerExport(command: Command): void {
  command
    .option("--checkpoint <file>", "the network, as smash train wrote it")
    .option("--run <folder>", "export the network that was trained in this run")
    .option(
      "--rank <k>",
      "which of the run's architectures was trained, 1 is the best",
      parseInteger("--rank", { min: 1 }),
      1,
    )
    .option(
      "--data <name>",
      "data set whose test images are compared (default: the network's, if it is there)",
    )
    .option("--onnx <file>", "write ONNX: bytes 0 to 255 in, logits out")
    .option("--int8", "8-bit weights in the ONNX file and the page; says what they cost in error", false)
    .option("--safetensors <file>", "write weights and statistics by name")
    .option("--web <folder>", "write a page that runs the network in the browser, for any static server")
    .option(
      "--latency [threads]",
      "measure how long one answer takes, on so many threads (default: one)",
      parseInteger("--latency", { min: 1, max: 1024 }),
    )
    .option("--batch <n>", "images in one answer, for --latency", parseInteger("--batch", { min: 1 }), 1)
    .action((flags: ExportFlags, command: Command) =>
      runCommand(
        readCommonOptions(command),
        async (context) => {
          const { exportCommand } = await import("./run/export.js");
          return exportCommand(flags, context);
        },
        { stopping: "stopping…" },
      ),
    );
}
