/**
 * From an own image folder to its pack. The pack stands for the names, sizes and modification times of all images: to
 * compare those takes a look-up each, where sums of contents would mean reading every file at every start.
 */

import { createHash } from "node:crypto";
import { realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import { Random } from "../../random.js";
import { openPack, readPackDescription } from "../pack-reader.js";
import { packPath, readOwnPack } from "../prepare-pack.js";
import type { PackRequest, ReadyPack } from "../prepare-pack.js";
import { writePack } from "../pack-writer.js";
import type { AddImages } from "../pack-writer.js";
import type { Dataset, DatasetInfo } from "../dataset.js";
import { assignParts } from "./assign-parts.js";
import type { Outcome } from "./assign-parts.js";
import { decodeImage, UnreadableImage } from "./decode-image.js";
import { folderReportSchema } from "./folder-report.js";
import type { FolderReport } from "./folder-report.js";
import { scanFolder, unusable } from "./scan-folder.js";
import type { FolderScan } from "./scan-folder.js";

const prefix = "folder:";
/** SMASH's images: 32 pixels. */
const defaultSize = 32;
/** Files decoded at a time: as many as Node reads at a time. */
const atOnce = 4;
/** Part of the stamp: a change of what packing gives makes every pack old. */
const packerVersion = 2;
/** Not the run's seed: the pack serves all runs. */
const orderSeed = 0;

/** The folder that a data set's name names; undefined for other names. */
export function folderOf(name: string): string | undefined {
  return name.startsWith(prefix) && name.length > prefix.length
    ? resolve(name.slice(prefix.length))
    : undefined;
}

export async function describeFolder(root: string, request: PackRequest): Promise<DatasetInfo> {
  const { path, description } = await prepareFolder(root, request);
  return infoOf(root, { path, description });
}

export async function openFolder(root: string, request: PackRequest): Promise<Dataset> {
  const { path, description } = await prepareFolder(root, request);
  const { train, test } = await openPack(path);
  return { ...infoOf(root, { path, description }), train, test };
}

/** What is known of the folder's images, and what of it is not used. */
export async function inspectFolder(
  root: string,
  request: PackRequest,
): Promise<{ readonly info: DatasetInfo; readonly report: FolderReport }> {
  const pack = await prepareFolder(root, request);
  return { info: infoOf(root, pack), report: readReport(root, pack) };
}

function readReport(root: string, { path, description }: ReadyPack): FolderReport {
  const report = folderReportSchema.safeParse(description.details);
  if (report.success) return report.data;
  throw unusable(root, `have a report in ${path}`, z.prettifyError(report.error));
}

function infoOf(root: string, pack: ReadyPack): DatasetInfo {
  const { classes, channels, size, train, test, md5 } = pack.description;
  const { unreadable, duplicates, inBoth, unusedFolders } = readReport(root, pack);
  const leftOut = {
    unreadable: unreadable.length,
    duplicates: duplicates.length,
    inBoth: inBoth.length,
    folders: unusedFolders,
  };
  return { name: `${prefix}${root}`, classes, channels, size, train, test, folder: { md5, leftOut } };
}

/** The pack that fits the folder as it is now, made if need be. */
export async function prepareFolder(root: string, request: PackRequest): Promise<ReadyPack> {
  const { dataDir, imageSize: size = defaultSize } = request;
  const scan = await scanFolder(root);
  const id = createHash("md5")
    .update(await realpath(root))
    .digest("hex");
  const path = packPath(`folder-${id}`, { dataDir, size });
  const stamp = stampOf(scan);
  const found = await readOwnPack(path);
  // A report of another version says that the pack is of another version.
  const isReported = folderReportSchema.safeParse(found?.details).success;
  if (found?.stamp === stamp && isReported) return { path, description: found };
  // Folders lie in the order of their classes; the first so many images of a set are to be of all of them, as they are in
  // published sets.
  const order = Random.stream(orderSeed, "folder-order").shuffle([...scan.images.keys()]);
  await writePack(path, async (add) => {
    const outcomes = await decodeAll({ scan, order, root, size, add }, request);
    const { parts, report } = assignParts(scan, outcomes);
    requireEnough(root, report);
    const packed = {
      labels: order.map((index) => scan.images[index].label),
      parts: order.map((index) => parts[index]),
    };
    return { classes: [...scan.classes], channels: 3, size, stamp, ...packed, details: report };
  });
  return { path, description: (await readPackDescription(path))! };
}

function stampOf({ classes, images, links, unusedFolders, otherFiles }: FolderScan): string {
  const about = [packerVersion, classes, links, unusedFolders, otherFiles];
  const hash = createHash("md5").update(JSON.stringify(about));
  for (const { path, part, bytes, mtimeMs } of images)
    hash.update(JSON.stringify([path, part, bytes, mtimeMs]));
  return hash.digest("hex");
}

/**
 * Adds every image, black where it cannot be read: its place in the pack stays, and is left out. In the scan's order again
 * is what came of them.
 */
async function decodeAll(
  { scan, order, root, size, add }: DecodeJob,
  { onProgress, signal }: PackRequest,
): Promise<readonly Outcome[]> {
  const total = order.length;
  const black = new Uint8Array(3 * size * size);
  const outcomes = new Array<Outcome>(total);
  for (let first = 0; first < total; first += atOnce) {
    signal?.throwIfAborted();
    const group = order.slice(first, first + atOnce);
    const decoded = await Promise.all(group.map((index) => tryDecode(scan.images[index].file, size)));
    for (const [place, pixels] of decoded.entries()) {
      await add(typeof pixels === "string" ? black : pixels);
      outcomes[group[place]] =
        typeof pixels === "string"
          ? { reason: pixels }
          : { digest: createHash("md5").update(pixels).digest("base64") };
    }
    const event = { kind: "progress", dataset: `${prefix}${root}`, step: "convert", unit: "images" } as const;
    onProgress?.({ ...event, done: first + group.length, total });
  }
  return outcomes;
}

interface DecodeJob {
  readonly scan: FolderScan;
  /** Of the pack: positions in the scan. */
  readonly order: readonly number[];
  readonly root: string;
  readonly size: number;
  readonly add: AddImages;
}

/** The pixels, or why there are none. */
async function tryDecode(file: string, size: number): Promise<Uint8Array | string> {
  try {
    return await decodeImage(file, size);
  } catch (error) {
    if (error instanceof UnreadableImage) return error.message;
    throw error;
  }
}

function requireEnough(root: string, { classes, unreadable, duplicates, inBoth }: FolderReport): void {
  const empty = classes.filter(({ train }) => train === 0).map(({ name }) => `"${name}"`);
  if (empty.length > 0) {
    const found = `none of ${empty.slice(0, 5).join(", ")}${empty.length > 5 ? ", …" : ""} (left out in the whole folder: ${unreadable.length} unreadable${unreadable.length > 0 ? `, ${unreadable[0].path}: ${unreadable[0].reason}` : ""}; ${duplicates.length} duplicates${duplicates.length > 0 ? `, ${duplicates[0].path} is ${duplicates[0].of}` : ""}; ${inBoth.length} that the test images have too)`;
    const fix = "give each class images of its own to train on, or take its folder away.";
    throw unusable(root, "have training images of every class", found, fix);
  }
  if (classes.every(({ test }) => test === 0)) throw unusable(root, "have test images", "none");
}
