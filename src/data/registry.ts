/** The data sets known by name. */

import { SmashError } from "../errors.js";
import { writingBelow } from "../files.js";
import { nearestName } from "../nearest.js";
import { cifar10 } from "./cifar10.js";
import type { Dataset } from "./dataset.js";
import { fashionMnist, mnist } from "./mnist.js";
import type { DatasetSource, FetchOptions } from "./source.js";
import { synthetic } from "./synthetic.js";

const sources: readonly DatasetSource[] = [cifar10, fashionMnist, mnist, synthetic];

/** Announced by the interface, but not yet readable. */
const plannedNames = ["cifar100", "stl10", "imagenet32", "modelnet10"];

export const datasetNames: readonly string[] = sources.map(({ name }) => name);

export interface DataFolder {
  /** The folder below which every data set has its own. */
  readonly dataDir: string;
}

export interface DatasetStatus {
  readonly name: string;
  /** All its files are there. */
  readonly present: boolean;
  /** They are the published ones. */
  readonly verified: boolean;
  /** Training and test images together. */
  readonly images: number;
  /** Number of classes. */
  readonly classes: number;
  /** Why it is present but not verified. */
  readonly problem?: string;
}

/**
 * The data set, verified, in memory; fetched first when it is missing.
 *
 * Errors: `usage` for an unknown name; `data` when a file is altered, which is never replaced unasked; `network`,
 * `disk-full`, `config` (a folder that cannot be written), `interrupted` from fetching.
 */
export async function loadDataset(name: string, options: DataFolder & FetchOptions): Promise<Dataset> {
  const source = findSource(name);
  if (!(await source.isPresent(options.dataDir))) await fetchFrom(source, options);
  return source.load(options.dataDir);
}

/** Brings the data set into `dataDir` and replaces altered files; nothing happens when it is there and verified. */
export async function fetchDataset(name: string, options: DataFolder & FetchOptions): Promise<DatasetStatus> {
  const source = findSource(name);
  const status = await statusOf(source, options);
  if (status.verified) return status;
  await fetchFrom(source, options);
  return statusOf(source, options);
}

/** Compares the data set's files with the published ones. Errors: `usage` for an unknown name. */
export async function checkDataset(name: string, folder: DataFolder): Promise<DatasetStatus> {
  return statusOf(findSource(name), folder);
}

/** Checks every known data set, one after the other. */
export async function listDatasets(folder: DataFolder): Promise<readonly DatasetStatus[]> {
  const rows: DatasetStatus[] = [];
  for (const source of sources) rows.push(await statusOf(source, folder));
  return rows;
}

async function statusOf(source: DatasetSource, { dataDir }: DataFolder): Promise<DatasetStatus> {
  const about = { name: source.name, images: source.images, classes: source.classes.length };
  if (!(await source.isPresent(dataDir))) return { ...about, present: false, verified: false };
  try {
    await source.load(dataDir);
    return { ...about, present: true, verified: true };
  } catch (error) {
    if (!(error instanceof SmashError) || error.code !== "data") throw error;
    return { ...about, present: true, verified: false, problem: error.message };
  }
}

function fetchFrom(
  source: DatasetSource,
  { dataDir, onProgress, signal }: DataFolder & FetchOptions,
): Promise<void> {
  return writingBelow(dataDir, () => source.fetch(dataDir, { onProgress, signal }));
}

function findSource(name: string): DatasetSource {
  const source = sources.find((candidate) => candidate.name === name);
  if (source) return source;
  const available = `use one of ${datasetNames.join(", ")}.`;
  if (plannedNames.includes(name) || name.startsWith("folder:")) {
    throw new SmashError("usage", {
      rule: "The data set must be one this version can read.",
      found: `"${name}", which is planned but not there yet.`,
      fix: available,
    });
  }
  const nearest = nearestName(name, [...datasetNames, ...plannedNames]);
  throw new SmashError("usage", {
    rule: "The data set must be a known one.",
    found: `"${name}".`,
    fix: nearest === undefined ? available : `did you mean "${nearest}"? Otherwise ${available}`,
  });
}
