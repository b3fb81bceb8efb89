/** Whether data sets are here and as they were published, and bringing them here. */

import { rm } from "node:fs/promises";
import { isSmashError } from "../errors.js";
import type { DatasetInfo } from "./dataset.js";
import type { FolderReport } from "./folder/folder-report.js";
import { folderOf, inspectFolder, prepareFolder } from "./folder/prepare-folder.js";
import { isDamaged, verifyPack } from "./pack-reader.js";
import { fetchFiles, findPack, preparePack } from "./prepare-pack.js";
import type { PackRequest } from "./prepare-pack.js";
import { describeDataset, findSource, sources } from "./registry.js";
import type { DatasetSource } from "./source.js";
import { stl10 } from "./stl10.js";
import { foldOf, readFolds } from "./stl10-folds.js";
import { synthetic } from "./synthetic.js";

/** Where data sets lie. */
export interface DataFolder {
  /** The folder below which every data set has its own. */
  readonly dataDir: string;
}

/** What of a data set lies on the disk. */
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

/** Brings the data set into `dataDir` and replaces altered files; nothing happens when it is there and verified. */
export async function fetchDataset(name: string, request: PackRequest): Promise<DatasetStatus> {
  const folder = folderOf(name);
  if (folder !== undefined) return statusOfFolder(folder, request);
  if (name === synthetic.name) return statusOfSynthetic;
  const source = findSource(name);
  const status = async () => withFold(name, await statusOf(source, request), request);
  if (!(await status()).verified) await fetchFiles(source, request);
  const fetched = await status();
  if (fetched.verified) await preparePack(source, request);
  return fetched;
}

/**
 * Compares all bytes with the published sums; of an own folder, says what is in it. Errors: `usage` for an unknown name,
 * `data` for a folder that cannot be used.
 */
export async function checkDataset(name: string, request: PackRequest): Promise<DatasetStatus> {
  const folder = folderOf(name);
  if (folder !== undefined) return statusOfFolder(folder, request);
  if (name === synthetic.name) return statusOfSynthetic;
  const { dataDir } = request;
  return withFold(name, await checkFiles(findSource(name), { dataDir }), { dataDir });
}

/**
 * What `describeDataset` gives of a data set that lies here and can be used; undefined for any other. Nothing is fetched:
 * a report or an export of a run is not worth a download, and the run may have come from another machine.
 */
export async function describeIfThere(name: string, request: PackRequest): Promise<DatasetInfo | undefined> {
  try {
    const isPublished = folderOf(name) === undefined && name !== synthetic.name;
    if (isPublished && !(await findSource(name).locate(request.dataDir))) return undefined;
    return await describeDataset(name, request);
  } catch (error) {
    if (isSmashError(error, "data")) return undefined;
    throw error;
  }
}

/** The data sets whose files are here, whatever these hold. */
export async function presentDatasets({ dataDir }: DataFolder): Promise<readonly string[]> {
  const names: string[] = [];
  for (const source of sources) if (await source.locate(dataDir)) names.push(source.name);
  return [...names, synthetic.name];
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
    if (pack) await removeIfDamaged(pack.path);
    return { ...about, present: true, verified: true };
  } catch (error) {
    if (!isSmashError(error, "data")) throw error;
    return { ...about, present: true, verified: false, problem: error.message };
  }
}

/** One of the folds needs the file that lists them, too. */
async function withFold(
  name: string,
  status: DatasetStatus,
  { dataDir }: DataFolder,
): Promise<DatasetStatus> {
  if (foldOf(name) === undefined || !status.verified) return status;
  try {
    await readFolds(dataDir, stl10.train.count);
    return status;
  } catch (error) {
    if (!isSmashError(error, "data")) throw error;
    return { ...status, name, verified: false, problem: error.message };
  }
}

async function statusOfFolder(root: string, request: PackRequest): Promise<DatasetStatus> {
  const { path } = await prepareFolder(root, request);
  await removeIfDamaged(path);
  const { info, report } = await inspectFolder(root, request);
  return { ...aboutOf(info), present: true, verified: true, report };
}

/** A pack is ours to make again. */
async function removeIfDamaged(path: string): Promise<void> {
  try {
    await verifyPack(path);
  } catch (error) {
    if (!isDamaged(error)) throw error;
    await rm(path);
  }
}

function aboutOf({ name, train, test, classes }: DatasetInfo) {
  return { name, images: train.count + test.count, classes: classes.length };
}

const statusOfSynthetic: DatasetStatus = { ...aboutOf(synthetic), present: true, verified: true };
