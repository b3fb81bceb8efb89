/** `smash report`: (re)write RUN/report.html. */

import type { Command } from "commander";
import { readCommonOptions } from "../common-options.js";
import { runCommand } from "../run-command.js";

export function registerReport(command: Command): void {
  command
    .requiredOption("--run <folder>", "the run's folder")
    .action((flags: { readonly run: string }, command: Command) =>
      runCommand(readCommonOptions(command), async (context) => {
        const { writeReport } = await import("../../run/index.js");
        const { RunFolder } = await import("../../store/index.js");
        const { dataDirOf } = await import("../data-dir.js");
        const report = await writeReport(new RunFolder(flags.run), dataDirOf(context));
        return { json: { report }, text: report };
      }),
    );
}
