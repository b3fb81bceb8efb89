/** Whether a run's data set is still what the run began with. A folder, or what stands behind a name, may have changed. */

import type { RunConfig } from "../../../config/index.js";
import type { DatasetInfo } from "../../../data/index.js";
import { SmashError } from "../../../errors.js";
import type { RunFolder } from "../../../store/index.js";

const fix = "bring the data set back as it was, or search anew with another --out.";

type SavedRun = Awaited<ReturnType<RunFolder["requireConfig"]>>;

/**
 * Trials of one ranking are scored on the same held-out images, which are chosen by their places among all. Runs that do
 * not know their images are trusted. Throws `SmashError("data")`.
 */
export function requireSameData({ config, versions }: SavedRun, dataset: DatasetInfo): void {
  requireSameClasses(config, dataset);
  const { name, folder, size } = dataset;
  const { images: before = folder?.md5 } = versions;
  // Other sizes are other pixels, and a setting of the run besides.
  if (before === folder?.md5 || size !== config.space.input.size) return;
  throw new SmashError("data", {
    rule: "A run goes on only with the images it began with: its ranking compares scores on the same ones.",
    found: `images of ${name} have changed since, or were added or deleted (MD5 ${folder?.md5}, was ${before}).`,
    fix: `${fix} What is ranked already can be trained on the images there are: smash train --run.`,
  });
}

/** The size is not compared: images are made as large as is asked for. Throws `SmashError("data")`. */
export function requireSameClasses({ space }: Pick<RunConfig, "space">, dataset: DatasetInfo): void {
  const counts = [
    ["channels", space.input.channels, dataset.channels],
    ["classes", space.classes, dataset.classes.length],
  ] as const;
  const changed = counts.filter(([, before, now]) => before !== now);
  if (changed.length === 0) return;
  throw new SmashError("data", {
    rule: "A run goes on only with channels and classes as many as it began with.",
    found: `${changed.map(([name, before, now]) => `${now} ${name} in ${dataset.name}, ${before} in the run's config.json`).join("; ")}.`,
    fix,
  });
}
