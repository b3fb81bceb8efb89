/** `smash data list`. */

import { defaultDataDir, listDatasets } from "../../../data/index.js";
import type { CommandResult } from "../../output.js";
import type { CommandContext } from "../../run-command.js";
import { presentStatuses } from "./status.js";

/** Files that changed since they were verified are verified again: about a second the first time. */
export async function listData({ common }: CommandContext): Promise<CommandResult> {
  const dataDir = common.dataDir ?? defaultDataDir();
  return presentStatuses(await listDatasets({ dataDir }), dataDir);
}
