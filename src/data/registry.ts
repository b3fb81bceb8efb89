/** The data sets known by name. */

import { rm } from "node:fs/promises";
import { SmashError } from "../errors.js";
import { nearestName } from "../nearest.js";
import { cifar10 } from "./cifar10.js";
import { cifar100 } from "./cifar100.js";
import type { Dataset, DatasetInfo } from "./dataset.js";
import type { FolderReport } from "./folder/folder-report.js";
import {
  describeFolder,
  folderOf,
  openFolder,
  prepareFolder,
  reportFolder,
} from "./folder/prepare-folder.js";
import { imagenet32 } from "./imagenet32.js";
import { fashionMnist, mnist } from "./mnist.js";
import { isDamaged, openPack, verifyPack } from "./pack-reader.js";
import { fetchFiles, findPack, preparePack } from "./prepare-pack.js";
import type { PackRequest } from "./prepare-pack.js";
import type { DatasetSource } from "./source.js";
import { foldImages, foldOf, selectFold } from "./stl10-folds.js";
import { stl10 } from "./stl10.js";
import { openSynthetic, synthetic } from "./synthetic.js";

const sources: readonly DatasetSource[] = [cifar10, cifar100, fashionMnist, mnist, stl10, imagenet32];

/** Announced by the interface, but not yet readable. */
const plannedNames = ["modelnet10"];

const known: readonly DatasetInfo[] = [...sources, synthetic];

export const datasetNames: readonly string[] = known.map(({ name }) => name);

export interface DataFolder {
  /** The folder below which every data set has its own. */
  readonly dataDir: string;
}

/** How a data set is opened. */
export type DatasetRequest = PackRequest;

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
  /** Of an own folder. */
  readonly report?: FolderReport;
}

/**
 * The data set, verified, as mapped memory; fetched first when it is missing.
 *
 * Errors: `usage` for an unknown name; `data` when a file is altered, which is never replaced unasked; `network`,
 * `disk-full`, `config` (a folder that cannot be written), `interrupted` from fetching.
 */
export async function loadDataset(name: string, request: DatasetRequest): Promise<Dataset> {
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
export async function describeDataset(name: string, request: DatasetRequest): Promise<DatasetInfo> {
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

/** Brings the data set into `dataDir` and replaces altered files; nothing happens when it is there and verified. */
export async function fetchDataset(name: string, request: DatasetRequest): Promise<DatasetStatus> {
  const folder = folderOf(name);
  if (folder !== undefined) return statusOfFolder(folder, request);
  if (name === synthetic.name) return statusOfSynthetic;
  const source = findSource(name);
  if (!(await statusOf(source, request)).verified) await fetchFiles(source, request);
  const status = await statusOf(source, request);
  if (status.verified) await preparePack(source, request);
  return status;
}

/**
 * Compares all bytes with the published sums; of an own folder, says what is in it. Errors: `usage` for an unknown name,
 * `data` for a folder that cannot be used.
 */
export async function checkDataset(name: string, request: DatasetRequest): Promise<DatasetStatus> {
  const folder = folderOf(name);
  if (folder !== undefined) return statusOfFolder(folder, request);
  if (name === synthetic.name) return statusOfSynthetic;
  return checkFiles(findSource(name), { dataDir: request.dataDir });
}

/** Every known data set; files that have not changed since they were verified are not read again. */
export async function listDatasets({ dataDir }: DataFolder): Promise<readonly DatasetStatus[]> {
  const rows: DatasetStatus[] = [];
  for (const source of sources) rows.push(await statusOf(source, { dataDir }));
  return [...rows, statusOfSynthetic];
}

async function statusOf(source: DatasetSource, request: PackRequest): Promise<DatasetStatus> {
  if (await findPack(source, request)) return { ...aboutOf(source), present: true, verified: true };
  return checkFiles(source, request);
}

async function checkFiles(source: DatasetSource, request: PackRequest): Promise<DatasetStatus> {
  const { dataDir } = request;
  const about = aboutOf(source);
  if (!(await source.locate(dataDir))) return { ...about, present: false, verified: false };
  try {
    for await (const chunk of source.read(dataDir)) void chunk;
    const pack = await findPack(source, request);
    if (pack) await verifyPack(pack.path);
    return { ...about, present: true, verified: true };
  } catch (error) {
    if (!(error instanceof SmashError) || error.code !== "data") throw error;
    return { ...about, present: true, verified: false, problem: error.message };
  }
}

async function statusOfFolder(root: string, request: PackRequest): Promise<DatasetStatus> {
  const { path } = await prepareFolder(root, request);
  try {
    await verifyPack(path);
  } catch (error) {
    if (!isDamaged(error)) throw error;
    await rm(path);
  }
  const info = await describeFolder(root, request);
  return { ...aboutOf(info), present: true, verified: true, report: await reportFolder(root, request) };
}

function aboutOf({ name, train, test, classes }: DatasetInfo) {
  return { name, images: train.count + test.count, classes: classes.length };
}

const statusOfSynthetic: DatasetStatus = { ...aboutOf(synthetic), present: true, verified: true };

function findSource(name: string): DatasetSource {
  const wanted = foldOf(name) === undefined ? name : stl10.name;
  const source = sources.find((candidate) => candidate.name === wanted);
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
