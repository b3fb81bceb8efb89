/** `smash data fetch`. */

import { fetchDataset } from "../../../data/index.js";
import type { DatasetStatus } from "../../../data/index.js";
import { dataDirOf } from "../../data-dir.js";
import type { ImageSizeFlag } from "../../image-size.js";
import { showFetch } from "../../show-fetch.js";
import type { CommandResult } from "../../output.js";
import type { CommandContext } from "../../run-command.js";
import { presentStatuses } from "./status.js";

/** One after the other; the first that cannot be had ends it. */
export async function fetchData(
  names: readonly string[],
  { imageSize }: ImageSizeFlag,
  { common, progress, signal }: CommandContext,
): Promise<CommandResult> {
  const dataDir = dataDirOf({ common });
  const statuses: DatasetStatus[] = [];
  for (const name of names) {
    signal.throwIfAborted();
    statuses.push(await fetchDataset(name, { dataDir, imageSize, signal, onProgress: showFetch(progress) }));
    progress.stop();
  }
  return presentStatuses(statuses, dataDir);
}
