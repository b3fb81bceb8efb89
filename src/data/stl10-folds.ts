/**
 * The ten official folds of STL-10, known as `stl10:0` … `stl10:9`: 1,000 of the training images each, tested on all test
 * images. The published figure is the mean over the ten.
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { SmashError } from "../errors.js";
import { fileSize } from "../files.js";
import type { Dataset } from "./dataset.js";
import { selectImages } from "./image-set.js";

export const foldFile = "fold_indices.txt";
/** Ten lines of 1,000 numbers below 5,000 are under 50,000 bytes. */
export const mostFoldBytes = 2 ** 18;

export const foldCount = 10;
export const foldImages = 1_000;

/** 3 of "stl10:3"; undefined for other names. */
export function foldOf(name: string): number | undefined {
  const match = /^stl10:(\d)$/.exec(name);
  return match ? Number(match[1]) : undefined;
}

/** The data set with the training images of one fold. Throws `data`. */
export async function selectFold(dataset: Dataset, fold: number, dataDir: string): Promise<Dataset> {
  const folds = await readFolds(dataDir, dataset.train.count);
  return { ...dataset, name: `stl10:${fold}`, train: selectImages(dataset.train, folds[fold]) };
}

/** The folds of `count` training images: indices 0 … count - 1, a list a fold. Throws `data`. */
export async function readFolds(dataDir: string, count: number): Promise<readonly (readonly number[])[]> {
  const path = join(dataDir, "stl10", foldFile);
  const size = await fileSize(path);
  if (size === undefined || size > mostFoldBytes) {
    const found = size === undefined ? "no such file" : `${size} bytes`;
    throw malformed(path, `be a file of at most ${mostFoldBytes} bytes`, found);
  }
  return parseFolds(await readFile(path, "utf8"), { path, count });
}

/** Indices 0 … count - 1, a line a fold. Throws `data`. */
export function parseFolds(
  text: string,
  { path, count }: { readonly path: string; readonly count: number },
): readonly (readonly number[])[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  if (lines.length !== foldCount) throw malformed(path, `have ${foldCount} lines`, `${lines.length}`);
  return lines.map((line, fold) => {
    const words = line.trim().split(/\s+/);
    const indices = words.map((word) => (/^\d{1,9}$/.test(word) ? Number(word) : NaN));
    const isValid = indices.every((index) => index < count) && new Set(indices).size === foldImages;
    if (!isValid || indices.length !== foldImages) {
      const rule = `have ${foldImages} different numbers below ${count} in line ${fold + 1}`;
      throw malformed(path, rule, `"${line.slice(0, 40)}"`);
    }
    return indices;
  });
}

function malformed(path: string, rule: string, found: string): SmashError {
  return new SmashError("data", {
    rule: `The folds of STL-10, ${path}, must ${rule}.`,
    found: `${found}.`,
    fix: "`npx smash data fetch stl10:0` fetches them again.",
  });
}
