/** `smash data check`: fails when a data set that was asked for is missing, or one that is there is damaged. */

import { checkDataset, presentDatasets } from "../../../data/index.js";
import type { DatasetStatus } from "../../../data/index.js";
import { SmashError } from "../../../errors.js";
import { dataDirOf } from "../../data-dir.js";
import type { ImageSizeFlag } from "../../image-size.js";
import { showFetch } from "../../show-fetch.js";
import type { CommandResult } from "../../output.js";
import type { CommandContext } from "../../run-command.js";
import { presentStatuses } from "./status.js";

/** Without names, all that are there; one that was never fetched is no failure then. */
export async function checkData(
  names: readonly string[],
  { imageSize }: ImageSizeFlag,
  { common, progress, signal }: CommandContext,
): Promise<CommandResult> {
  const dataDir = dataDirOf({ common });
  const statuses: DatasetStatus[] = [];
  for (const name of names.length === 0 ? await presentDatasets({ dataDir }) : names) {
    signal.throwIfAborted();
    const onProgress = showFetch(progress);
    statuses.push(await checkDataset(name, { dataDir, imageSize, signal, onProgress }));
    progress.stop();
  }
  return { ...presentStatuses(statuses, dataDir), failure: findFailure(statuses, dataDir) };
}

function findFailure(statuses: readonly DatasetStatus[], dataDir: string): SmashError | undefined {
  const bad = statuses.filter(({ verified }) => !verified);
  if (bad.length === 0) return undefined;
  const found = bad.map(({ name, present, problem }) => {
    if (!present) return `${name} is not in ${dataDir}.`;
    return `${name} is damaged: ${problem ?? "its files are not the published ones."}`;
  });
  return new SmashError("data", {
    rule: "Data sets must be there as they were published.",
    found: found.join(" "),
    fix: `\`smash data fetch ${bad.map(({ name }) => name).join(" ")}\` brings them and replaces damaged files.`,
  });
}
