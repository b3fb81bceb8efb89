/** Reads packs: the description alone, or the images as mapped memory. */

import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { isSmashError } from "../errors.js";
import { hasCode } from "../files.js";
import { mapFile } from "../tensor/index.js";
import type { ImageSet } from "./dataset.js";
import { selectImages } from "./image-set.js";
import { damagedPack, layoutOf, parseDescription, parseTrailer, parts, trailerBytes } from "./pack-format.js";
import type { PackDescription, PackLayout, Part } from "./pack-format.js";
import { addFile } from "./verify.js";

/** One mapping is at most this long: Node 20 has no longer buffers than 4 GiB. */
const segmentBytes = 2 ** 30;

/** The description; undefined when there is no file. Throws `data` for a file that is no pack. */
export async function readPackDescription(path: string): Promise<PackDescription | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
  try {
    const { size: fileBytes } = await file.stat();
    const trailer = await readAt(file, fileBytes - trailerBytes, trailerBytes);
    const length = parseTrailer(trailer, { path, fileBytes });
    const json = await readAt(file, fileBytes - trailerBytes - length, length);
    return parseDescription(json, { path, fileBytes });
  } finally {
    await file.close();
  }
}

/** The bytes at `position`, fewer where the file has no more. */
async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  if (position < 0) return Buffer.alloc(0);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

export interface OpenPack {
  readonly description: PackDescription;
  readonly train: ImageSet;
  readonly test: ImageSet;
}

/** Maps the images. Throws `data` when there is no whole pack at `path`. */
export async function openPack(path: string): Promise<OpenPack> {
  const description = await readPackDescription(path);
  if (!description) throw damagedPack(path, "be there", "no such file");
  const layout = layoutOf(description);
  const file = await open(path, "r");
  let labels: Uint16Array;
  let partNumbers: Uint8Array;
  try {
    const bytes = await readAt(file, layout.labels, 2 * description.count);
    labels = Uint16Array.from({ length: description.count }, (_, index) => bytes.readUInt16LE(2 * index));
    partNumbers = await readAt(file, layout.parts, description.count);
  } finally {
    await file.close();
  }
  const wrong = labels.findIndex((label) => label >= description.classes.length);
  if (wrong >= 0) {
    throw damagedPack(
      path,
      `have labels below ${description.classes.length}`,
      `${labels[wrong]} at ${wrong}`,
    );
  }
  const all = mapImages(path, { labels, layout });
  const choose = (part: Part) => {
    const number = parts.indexOf(part);
    return selectImages(all, allIndices(partNumbers, number));
  };
  return { description, train: choose("train"), test: choose("test") };
}

function allIndices(values: Uint8Array, wanted: number): number[] {
  const indices: number[] = [];
  values.forEach((value, index) => {
    if (value === wanted) indices.push(index);
  });
  return indices;
}

function mapImages(
  path: string,
  { labels, layout }: { readonly labels: Uint16Array; readonly layout: PackLayout },
): ImageSet {
  const { imageBytes } = layout;
  const count = labels.length;
  const perSegment = Math.max(1, Math.floor(segmentBytes / imageBytes));
  const segments: Uint8Array[] = [];
  for (let first = 0; first < count; first += perSegment) {
    const length = Math.min(perSegment, count - first) * imageBytes;
    segments.push(mapFile(path, { offset: first * imageBytes, length }));
  }
  const image = (index: number) => {
    const start = (index % perSegment) * imageBytes;
    return segments[Math.floor(index / perSegment)].subarray(start, start + imageBytes);
  };
  return { count, imageBytes, labels, image };
}

/** Compares all bytes with the sum in the description. Throws `data`. */
export async function verifyPack(path: string): Promise<void> {
  const description = await readPackDescription(path);
  if (!description) throw damagedPack(path, "be there", "no such file");
  const hash = createHash("md5");
  const end = layoutOf(description).description - 1;
  if (end >= 0) await addFile(hash, path, { end });
  const md5 = hash.digest("hex");
  if (md5 !== description.md5) throw damagedPack(path, `have the MD5 sum ${description.md5}`, md5);
}

/** Whether `error` says that a pack is damaged, which whoever made it mends by making it again. */
export function isDamaged(error: unknown): boolean {
  return isSmashError(error, "data");
}
