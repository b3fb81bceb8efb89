/** What is not looked at is easily missed: an own folder's images that a search is without. */

import type { DatasetInfo } from "../../../data/index.js";
import { formatInteger } from "../../../report/index.js";
import { quoted } from "../../../run/index.js";
import type { Progress } from "../../progress.js";

/** Nothing where every image is used. */
export function noteLeftOut(progress: Progress, { name, folder }: DatasetInfo): void {
  if (!folder) return;
  const { unreadable, duplicates, inBoth, folders } = folder.leftOut;
  if (folders.length > 0) {
    progress.log(
      `beside train and test, not used: ${folders.join(", ")}; move the images to train to train on them`,
    );
  }
  const counts = [
    [unreadable, "unreadable"],
    [duplicates, duplicates === 1 ? "duplicate" : "duplicates"],
    [inBoth, "in the test images too"],
  ] as const;
  const parts = counts.flatMap(([count, what]) => (count > 0 ? [`${formatInteger(count)} ${what}`] : []));
  if (parts.length === 0) return;
  const check = `npx smash data check ${quoted(name)}`;
  progress.log(`images left out: ${parts.join(", ")}; ${check} lists them`);
}
