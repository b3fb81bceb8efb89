/** The data sets known by name. */

import { SmashError } from "../errors.js";
import { nearestName } from "../nearest.js";
import { cifar10 } from "./cifar10.js";
import { cifar100 } from "./cifar100.js";
import type { Dataset, DatasetInfo } from "./dataset.js";
import { describeFolder, folderOf, openFolder } from "./folder/prepare-folder.js";
import { imagenet32 } from "./imagenet32.js";
import { fashionMnist, mnist } from "./mnist.js";
import { openPack } from "./pack-reader.js";
import { preparePack } from "./prepare-pack.js";
import type { PackRequest } from "./prepare-pack.js";
import type { DatasetSource } from "./source.js";
import { foldImages, foldOf, selectFold } from "./stl10-folds.js";
import { stl10 } from "./stl10.js";
import { openSynthetic, synthetic } from "./synthetic.js";

export const sources: readonly DatasetSource[] = [cifar10, cifar100, fashionMnist, mnist, stl10, imagenet32];

/** Announced by the interface, but not yet readable. */
const plannedNames = ["modelnet10"];

const known: readonly DatasetInfo[] = [...sources, synthetic];

/** The data sets known by name; own image folders are `folder:PATH`. */
export const datasetNames: readonly string[] = known.map(({ name }) => name);

/** A fold is a part of its data set. */
const sourceName = (name: string) => (foldOf(name) === undefined ? name : stl10.name);

/** Height = width of the images as they are published, pixels; undefined for an own folder, and a name that is none. */
export function publishedSize(name: string): number | undefined {
  return known.find((source) => source.name === sourceName(name))?.size;
}

/**
 * The data set, verified, as mapped memory; fetched first when it is missing.
 *
 * Errors: `usage` for an unknown name; `data` when a file is altered, which is never replaced unasked; `network`,
 * `disk-full`, `config` (a folder that cannot be written), `interrupted` from fetching.
 */
export async function loadDataset(name: string, request: PackRequest): Promise<Dataset> {
  const folder = folderOf(name);
  if (folder !== undefined) return openFolder(folder, request);
  if (name === synthetic.name) return openSynthetic(request);
  const fold = foldOf(name);
  if (fold !== undefined) {
    return selectFold(await loadDataset(stl10.name, request), fold, request.dataDir);
  }
  const source = findSource(name);
  const { path } = await preparePack(source, request);
  const { description, train, test } = await openPack(path);
  return { ...infoOf(source, description), train, test };
}

/** What `loadDataset` gives, but for the images; everything is prepared, so that loading is quick. Errors: the same. */
export async function describeDataset(name: string, request: PackRequest): Promise<DatasetInfo> {
  const folder = folderOf(name);
  if (folder !== undefined) return describeFolder(folder, request);
  if (name === synthetic.name) return { ...synthetic, size: request.imageSize ?? synthetic.size };
  if (foldOf(name) !== undefined) {
    return { ...(await describeDataset(stl10.name, request)), name, train: { count: foldImages } };
  }
  const source = findSource(name);
  const { description } = await preparePack(source, request);
  return infoOf(source, description);
}

function infoOf(
  { name }: DatasetSource,
  { classes, channels, size, train, test }: Omit<DatasetInfo, "name">,
): DatasetInfo {
  return { name, classes, channels, size, train, test };
}

/** The published data set of this name. Throws `usage`. */
export function findSource(name: string): DatasetSource {
  const source = sources.find((candidate) => candidate.name === sourceName(name));
  if (source) return source;
  const available = `use one of ${datasetNames.join(", ")}, or folder:PATH.`;
  if (plannedNames.includes(name)) {
    throw new SmashError("usage", {
      rule: "The data set must be one this version can read.",
      found: `"${name}", which is planned but not there yet.`,
      fix: available,
    });
  }
  const nearest = nearestName(name, [...datasetNames, ...plannedNames, "folder:PATH"]);
  throw new SmashError("usage", {
    rule: "The data set must be a known one.",
    found: `"${name}".`,
    fix: nearest === undefined ? available : `did you mean "${nearest}"? Otherwise ${available}`,
  });
}
