/** Whether a run's data set is still what the run began with. A folder, or what stands behind a name, may have changed. */

import type { RunConfig } from "../../../config/index.js";
import type { DatasetInfo } from "../../../data/index.js";
import { SmashError } from "../../../errors.js";

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
    fix: "bring the data set back as it was, or search anew with another --out.",
  });
}
