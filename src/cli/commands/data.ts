/** `smash data`: which data sets are known, bringing them here, checking them. */

import type { Command } from "commander";
import { readCommonOptions } from "../common-options.js";
import { imageSizeOption, type ImageSizeFlag } from "../image-size.js";
import { runCommand } from "../run-command.js";

export function registerData(data: Command): void {
  data
    .command("list")
    .description("show the known data sets, where they lie, and whether they are there and unaltered")
    .action((_: object, command: Command) =>
      runCommand(readCommonOptions(command), async (context) => {
        const { listData } = await import("./data/list.js");
        return listData(context);
      }),
    );

  data
    .command("fetch")
    .description("download data sets, and replace altered files")
    .argument("<names...>", "data sets, see `smash data list`, or folder:PATH")
    .addOption(imageSizeOption({ of: "dataset" }))
    .action((names: readonly string[], flags: ImageSizeFlag, command: Command) =>
      runCommand(
        readCommonOptions(command),
        async (context) => {
          const { fetchData } = await import("./data/fetch.js");
          return fetchData(names, flags, context);
        },
        { stopping: "stopping the download…" },
      ),
    );

  data
    .command("check")
    .description(
      "compare data sets with the published files, or say what is in your own folder; without a name, check all that are here",
    )
    .argument("[names...]", "data sets, see `smash data list`, or folder:PATH")
    .addOption(imageSizeOption({ of: "dataset" }))
    .action((names: readonly string[], flags: ImageSizeFlag, command: Command) =>
      runCommand(readCommonOptions(command), async (context) => {
        const { checkData } = await import("./data/check.js");
        return checkData(names, flags, context);
      }),
    );
}
