/** `smash data list`. */

import { listDatasets } from "../../../data/index.js";
import { dataDirOf } from "../../data-dir.js";
import type { CommandResult } from "../../output.js";
import type { CommandContext } from "../../run-command.js";
import { presentStatuses } from "./status.js";

/** Files that changed since they were verified are verified again: about a second the first time. */
export async function listData(context: CommandContext): Promise<CommandResult> {
  const dataDir = dataDirOf(context);
  return presentStatuses(await listDatasets({ dataDir }), dataDir);
}
