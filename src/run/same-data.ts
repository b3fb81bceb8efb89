/** Whether a data set is still what a run, or a study, began with. A folder, or what stands behind a name, may have changed. */

import type { RunConfig } from "../config/index.js";
import type { DatasetInfo } from "../data/index.js";
import { SmashError } from "../errors.js";
import { hasCheckpoint, type RunFolder } from "../store/index.js";

const fix = "bring the data set back as it was, or begin anew with another --out.";

/** What has been begun: a run, or a study. Those of older versions do not know their images. */
interface Begun {
  readonly config: RunConfig;
  readonly versions?: { readonly images?: string | undefined } | undefined;
}

/**
 * Before a job works on a run: throws as `requireSameData` does. A run that begins notes its images, whoever made its
 * folder; one that is past its beginning without knowing them is of an older version.
 */
export async function claimData(folder: RunFolder, dataset: DatasetInfo): Promise<void> {
  const saved = await folder.readConfig();
  if (!saved) return;
  requireSameData(saved, dataset);
  const images = dataset.folder?.md5;
  if (images === undefined || saved.versions.images !== undefined) return;
  if (await hasCheckpoint(folder.checkpointPath("hypernet"))) return;
  await folder.noteImages(images);
}

/**
 * What is compared is scored on the same held-out images, which are chosen by their places among all. Who does not know
 * its images is trusted. Throws `SmashError("data")`.
 */
export function requireSameData({ config, versions }: Begun, dataset: DatasetInfo): void {
  const { name, folder, size } = dataset;
  if (name !== config.dataset) {
    throw new SmashError("data", {
      rule: "A run or study goes on only with the data set it began with.",
      found: `${name}, not ${config.dataset}.`,
      fix: `name ${config.dataset}, or begin anew with another --out.`,
    });
  }
  requireSameClasses(config, dataset);
  const before = versions?.images ?? folder?.md5;
  // Other sizes are other pixels, and a setting besides.
  if (before === folder?.md5 || size !== config.space.input.size) return;
  throw new SmashError("data", {
    rule: "A run or study goes on only with the images it began with: it compares scores on the same ones.",
    found: `images of ${name} have changed since, or were added or deleted (MD5 ${folder?.md5}, was ${before}).`,
    fix: `${fix} What is ranked already can be trained on the images there are: smash train --run.`,
  });
}

/** The size is not compared: images are made as large as is asked for. */
function requireSameClasses({ space }: RunConfig, dataset: DatasetInfo): void {
  const counts = [
    ["channels", space.input.channels, dataset.channels],
    ["classes", space.classes, dataset.classes.length],
  ] as const;
  const changed = counts.filter(([, before, now]) => before !== now);
  if (changed.length === 0) return;
  throw new SmashError("data", {
    rule: "A run or study goes on only with channels and classes as many as it began with.",
    found: `${changed.map(([name, before, now]) => `${now} ${name} in ${dataset.name}, ${before} in its settings`).join("; ")}.`,
    fix,
  });
}
