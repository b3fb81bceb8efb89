/** `smash data list`. */

import { defaultDataDir, listDatasets } from "../../../data/index.js";
import type { CommandResult } from "../../output.js";
import type { CommandContext } from "../../run-command.js";
import { presentStatuses } from "./status.js";

/** Verifies what is there, so a list costs reading every file once: about a second. */
export async function listData({ common }: CommandContext): Promise<CommandResult> {
  const dataDir = common.dataDir ?? defaultDataDir();
  return presentStatuses(await listDatasets({ dataDir }), dataDir);
}
