/** Which images of an own folder are trained on, which are tested on, and which are left out. */

import { Random } from "../../random.js";
import type { Part } from "../pack-format.js";
import type { FolderReport } from "./folder-report.js";
import type { FolderScan, FoundImage } from "./scan-folder.js";

/** An image and the sum of its decoded pixels, or why there are none. */
export type Outcome =
  | { readonly digest: string; readonly reason?: undefined }
  | { readonly digest?: undefined; readonly reason: string };

/** Share of each class drawn for testing where the folder does not say. */
const testShare = 0.2;
/** Not the run's seed: runs with other seeds must be tested on the same images. */
const splitSeed = 0;

export interface Assignment {
  readonly parts: readonly Part[]; // one an image of the scan
  readonly report: FolderReport;
}

/**
 * Two images are the same when their decoded pixels are: that is what a network would see twice. Of the same images one
 * is kept, and the test images keep theirs.
 */
export function assignParts(
  { images, classes, links, unusedFolders, otherFiles }: FolderScan,
  outcomes: readonly Outcome[],
): Assignment {
  const unreadable: FolderReport["unreadable"] = [];
  const duplicates: FolderReport["duplicates"] = [];
  const inBoth: FolderReport["inBoth"] = [];
  const parts = new Array<Part>(images.length).fill("left-out");
  const kept = new Map<string, number>();
  const keep = (index: number) => {
    const { digest, reason } = outcomes[index];
    const image = images[index];
    if (digest === undefined) {
      unreadable.push({ path: image.path, reason });
      return;
    }
    const earlier = kept.get(digest);
    if (earlier === undefined) {
      kept.set(digest, index);
      parts[index] = image.part ?? "train";
      return;
    }
    const { path: of, label, part } = images[earlier];
    if (part !== image.part) inBoth.push({ path: image.path, of });
    else duplicates.push({ path: image.path, of, otherClass: label !== image.label });
  };
  const isTest = ({ part }: FoundImage) => part === "test";
  images.forEach((image, index) => isTest(image) && keep(index));
  images.forEach((image, index) => !isTest(image) && keep(index));

  const isDrawn = images.every(({ part }) => part === undefined);
  if (isDrawn) drawTest(parts, { images, classes });
  const balance = classes.map((name) => ({ name, train: 0, test: 0 }));
  images.forEach(({ label }, index) => {
    const part = parts[index];
    if (part !== "left-out") balance[label][part]++;
  });
  const split = isDrawn ? "drawn" : "folders";
  const outside = links.map(({ path }) => path);
  const lists = {
    ...{ unreadable, duplicates, inBoth, outside },
    ...{ links: [...links], unusedFolders: [...unusedFolders] },
  };
  return { parts, report: { split, classes: balance, ...lists, otherFiles } };
}

/** Moves a fifth of each class from "train" to "test", at least one image where the class has two. */
function drawTest(parts: Part[], { images, classes }: Pick<FolderScan, "images" | "classes">): void {
  const own = classes.map((): number[] => []);
  images.forEach(({ label }, index) => {
    if (parts[index] === "train") own[label].push(index);
  });
  classes.forEach((name, label) => {
    const count = own[label].length < 2 ? 0 : Math.max(1, Math.round(own[label].length * testShare));
    const random = Random.stream(splitSeed, "folder-test", name);
    for (const index of random.subset(own[label], count)) parts[index] = "test";
  });
}
