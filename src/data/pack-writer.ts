/** Writes a pack piece by piece, so that memory does not grow with the data set; it is whole or not there. */

import { createHash } from "node:crypto";
import { open, rename } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeFolder, withTemporaryFolder, writingBelow } from "../files.js";
import { magic, parts, trailerBytes } from "./pack-format.js";
import type { PackDescription, Part } from "./pack-format.js";

/** What is known once every image has been written. */
export interface PackEnding extends Omit<PackDescription, "count" | "train" | "test" | "md5"> {
  readonly labels: ArrayLike<number>; // [count]
  readonly parts: readonly Part[]; // [count]
}

/** Appends the pixels of any number of whole images. */
export type AddImages = (pixels: Uint8Array) => Promise<void>;

/** `work` adds all images and says what they are. A pack that is already at `path` is replaced. */
export async function writePack(path: string, work: (add: AddImages) => Promise<PackEnding>): Promise<void> {
  const folder = dirname(path);
  await writingBelow(folder, async () => {
    await makeFolder(folder);
    await withTemporaryFolder(path, async (workFolder) => {
      const whole = join(workFolder, "whole");
      const file = await open(whole, "w");
      try {
        await writeAll(file, work);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(whole, path);
    });
  });
}

async function writeAll(file: FileHandle, work: (add: AddImages) => Promise<PackEnding>): Promise<void> {
  const hash = createHash("md5");
  const add: AddImages = async (bytes) => {
    hash.update(bytes);
    await file.appendFile(bytes);
  };
  const { labels, parts: partNames, ...about } = await work(add);
  const numbers = Uint8Array.from(partNames, (part) => parts.indexOf(part));
  const labelBytes = Buffer.alloc(2 * labels.length);
  for (let index = 0; index < labels.length; index++) labelBytes.writeUInt16LE(labels[index], 2 * index);
  await add(labelBytes);
  await add(numbers);
  const countOf = (part: Part) => partNames.reduce((sum, name) => sum + (name === part ? 1 : 0), 0);
  const description: PackDescription = {
    ...about,
    count: labels.length,
    train: { count: countOf("train") },
    test: { count: countOf("test") },
    md5: hash.digest("hex"),
  };
  const json = Buffer.from(JSON.stringify(description));
  const trailer = Buffer.alloc(trailerBytes);
  trailer.writeUInt32LE(json.length);
  magic.copy(trailer, 4);
  await file.appendFile(Buffer.concat([json, trailer]));
}
