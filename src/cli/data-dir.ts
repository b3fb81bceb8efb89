/** Where a command's data sets lie. Apart from `run-session.ts`: commands about data alone need not wait for the rest. */

import { defaultDataDir } from "../data/index.js";
import type { CommandContext } from "./run-command.js";

export function dataDirOf({ common }: Pick<CommandContext, "common">): string {
  return common.dataDir ?? defaultDataDir();
}
