/**
 * From a published data set's files to its pack, once. The files are verified while they are packed, and not again as
 * long as their sizes and modification times stay: a later start costs a few look-ups.
 */

import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { writingBelow } from "../files.js";
import type { PackDescription, Part } from "./pack-format.js";
import { isDamaged, readPackDescription } from "./pack-reader.js";
import { writePack } from "./pack-writer.js";
import { resizeImages } from "./resize-images.js";
import type { DatasetSource, FetchOptions } from "./source.js";

/** Where a data set lies and at what size its images are wanted. */
export interface PackRequest extends FetchOptions {
  readonly dataDir: string;
  /** Height = width of the images, pixels. Default: the published one. */
  readonly imageSize?: number | undefined;
}

/** Packs of all data sets lie in one folder, named for data set and size. */
export function packPath(name: string, { dataDir, size }: { dataDir: string; size: number }): string {
  return join(dataDir, "packed", `${name}-${size}.pack`);
}

export interface ReadyPack {
  readonly path: string;
  readonly description: PackDescription;
}

/** The pack that is there, if it was made from these files as they are now. */
export async function findPack(
  source: DatasetSource,
  { dataDir, imageSize = source.size }: PackRequest,
): Promise<ReadyPack | undefined> {
  const files = await source.locate(dataDir);
  if (!files) return undefined;
  const path = packPath(source.name, { dataDir, size: imageSize });
  const description = await readOwnPack(path);
  return description?.stamp === (await stampOf(files)) ? { path, description } : undefined;
}

/** Fetches what is missing and packs what is new. Errors: see `loadDataset`. */
export async function preparePack(source: DatasetSource, request: PackRequest): Promise<ReadyPack> {
  const { dataDir } = request;
  if (!(await source.locate(dataDir))) await fetchFiles(source, request);
  const found = await findPack(source, request);
  if (found) return found;
  await pack(source, request);
  const path = packPath(source.name, { dataDir, size: request.imageSize ?? source.size });
  return { path, description: (await readPackDescription(path))! };
}

export function fetchFiles(
  source: DatasetSource,
  { dataDir, onProgress, signal }: PackRequest,
): Promise<void> {
  return writingBelow(dataDir, () => source.fetch(dataDir, { onProgress, signal }));
}

/** A damaged pack counts as none. */
export async function readOwnPack(path: string): Promise<PackDescription | undefined> {
  try {
    return await readPackDescription(path);
  } catch (error) {
    if (isDamaged(error)) return undefined;
    throw error;
  }
}

async function pack(source: DatasetSource, request: PackRequest): Promise<void> {
  const { dataDir, imageSize = source.size, onProgress, signal } = request;
  const { channels, classes, size: from } = source;
  const total = source.train.count + source.test.count;
  const stamp = await stampOf((await source.locate(dataDir)) ?? []);
  await writePack(packPath(source.name, { dataDir, size: imageSize }), async (add) => {
    const labels: number[] = [];
    const parts: Part[] = [];
    for await (const chunk of source.read(dataDir)) {
      signal?.throwIfAborted();
      await add((await resizeImages(chunk, { channels, from, to: imageSize })).pixels);
      for (const label of Array.from(chunk.labels)) {
        labels.push(label);
        parts.push(chunk.part);
      }
      onProgress?.({
        kind: "progress",
        dataset: source.name,
        step: "convert",
        unit: "images",
        done: labels.length,
        total,
      });
    }
    return { classes: [...classes], channels, size: imageSize, stamp, labels, parts };
  });
}

/** Changes when one of the files is another one, by its name, size or modification time. */
async function stampOf(files: readonly string[]): Promise<string> {
  const facts: unknown[] = [];
  for (const path of files) {
    const { size, mtimeMs } = await stat(path);
    facts.push([basename(path), size, mtimeMs]);
  }
  return createHash("md5").update(JSON.stringify(facts)).digest("hex");
}
