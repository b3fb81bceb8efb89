/**
 * ImageNet at 32x32 (Chrabaszcz et al., arXiv 1707.08819): 1,281,167 training images and the 50,000 validation images
 * for testing, in the published .npz files, each with `data` [n, 3072] (red, green, blue planes) and `labels` [n],
 * counted from 1.
 *
 * They are published behind a login, so they can only be brought by hand. No sums are published: the checksums inside
 * the archives, the form and the counts are checked.
 */

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { SmashError } from "../errors.js";
import { hasCode } from "../files.js";
import { locateFiles } from "./locate-files.js";
import { readIntegers } from "./npy.js";
import { Npz } from "./npz.js";
import type { DatasetSource, ImageChunk } from "./source.js";

const classCount = 1_000;
const channels = 3;
const size = 32;
const imageBytes = channels * size * size;
/** Images handed on at a time: 12 MB. */
const chunkImages = 4_096;
/** Bytes of one label. */
const widestLabel = 8;

const address = "https://image-net.org/download-images (Downsampled ImageNet, 32x32, npz format)";

export interface ImageNet32Parts {
  readonly trainFiles: readonly string[];
  readonly testFile: string;
  readonly train: { readonly count: number };
  readonly test: { readonly count: number };
}

export const imagenet32 = imagenet32Source({
  trainFiles: Array.from({ length: 10 }, (_, index) => `train_data_batch_${index + 1}.npz`),
  testFile: "val_data.npz",
  train: { count: 1_281_167 },
  test: { count: 50_000 },
});

export function imagenet32Source({ trainFiles, testFile, train, test }: ImageNet32Parts): DatasetSource {
  const folderIn = (dataDir: string) => join(dataDir, "imagenet32");
  return {
    name: "imagenet32",
    classes: Array.from({ length: classCount }, (_, index) => `class ${index + 1}`),
    channels,
    size,
    train,
    test,

    locate: (dataDir) => locateFiles(folderIn(dataDir), [...trainFiles, testFile]),

    fetch: async (dataDir) => {
      throw await explainMissing(folderIn(dataDir));
    },

    async *read(dataDir): AsyncGenerator<ImageChunk> {
      const folder = folderIn(dataDir);
      let left = train.count;
      for (const name of trainFiles) {
        for await (const chunk of readBatch(join(folder, name), left)) {
          left -= chunk.labels.length;
          yield { part: "train", ...chunk };
        }
      }
      if (left > 0) throw wrongCount(folder, "training", train.count - left, train.count);
      left = test.count;
      for await (const chunk of readBatch(join(folder, testFile), left)) {
        left -= chunk.labels.length;
        yield { part: "test", ...chunk };
      }
      if (left > 0) throw wrongCount(folder, "validation", test.count - left, test.count);
    },
  };
}

/** The images of one file, at most `most`. */
async function* readBatch(path: string, most: number): AsyncGenerator<Omit<ImageChunk, "part">> {
  const file = await Npz.open(path);
  try {
    const { header, chunks } = await file.array("data");
    const [count] = header.shape;
    const perImage = header.shape.slice(1).reduce((product, length) => product * length, 1);
    if (header.kind !== "u" || header.itemBytes !== 1 || perImage !== imageBytes || count > most) {
      const found = `${header.kind}${header.itemBytes} [${header.shape.join(", ")}]`;
      throw malformed(path, `have \`data\` of bytes [n, ${imageBytes}], n at most ${most}`, found);
    }
    const labels = await readLabels(file, path, count);
    let first = 0;
    for await (const pixels of regroup(chunks, chunkImages * imageBytes)) {
      const next = first + pixels.length / imageBytes;
      yield { pixels, labels: labels.slice(first, next) };
      first = next;
    }
  } finally {
    file.close();
  }
}

/** 1 … 1000 -> 0 … 999 */
async function readLabels(file: Npz, path: string, count: number): Promise<readonly number[]> {
  const { header, chunks } = await file.array("labels");
  if (header.shape.length !== 1 || header.shape[0] !== count || header.itemBytes > widestLabel) {
    throw malformed(path, `have \`labels\` [${count}]`, `[${header.shape.join(", ")}]`);
  }
  const bytes: Uint8Array[] = [];
  for await (const chunk of chunks) bytes.push(chunk);
  const numbers = readIntegers(Buffer.concat(bytes), header);
  const wrong = numbers.findIndex((number) => number < 1 || number > classCount);
  if (wrong >= 0)
    throw malformed(path, `have labels 1 … ${classCount}`, `label ${numbers[wrong]} at ${wrong}`);
  return numbers.map((number) => number - 1);
}

/** The same bytes in pieces of `length`; the last one may be shorter. */
async function* regroup(chunks: AsyncIterable<Uint8Array>, length: number): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  for await (const chunk of chunks) {
    let rest = chunk;
    while (waitingBytes + rest.length >= length) {
      const piece = rest.subarray(0, length - waitingBytes);
      yield Buffer.concat([...waiting, piece]);
      rest = rest.subarray(piece.length);
      waiting = [];
      waitingBytes = 0;
    }
    if (rest.length > 0) waiting.push(rest);
    waitingBytes += rest.length;
  }
  if (waitingBytes > 0) yield Buffer.concat(waiting);
}

/** The pickled form of the same files is the one most people have. */
async function explainMissing(folder: string): Promise<SmashError> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  });
  const pickled = names.filter((name) => /^(train_data_batch_\d+|val_data)(\.(pkl|pickle))?$/.test(name));
  if (pickled.length > 0) {
    return new SmashError("data", {
      rule: `ImageNet 32x32 in ${folder} must be in its .npz form.`,
      found: `${pickled.slice(0, 3).join(", ")}: Python pickles, which run code when they are read, and are refused.`,
      fix: `get the npz files of ${address}; or, if you trust these, convert each in Python: d = pickle.load(open(f, "rb")); numpy.savez(f + ".npz", data=d["data"], labels=numpy.asarray(d["labels"], "int64")).`,
    });
  }
  return new SmashError("data", {
    rule: `ImageNet 32x32 must be brought by hand: it is published behind a login.`,
    found: `not all of train_data_batch_1.npz … train_data_batch_10.npz and val_data.npz in ${folder}.`,
    fix: `get them from ${address} and put them there.`,
  });
}

function wrongCount(folder: string, what: string, found: number, expected: number): SmashError {
  return malformed(folder, `have ${expected} ${what} images in all`, `${found}`);
}

function malformed(path: string, rule: string, found: string): SmashError {
  return new SmashError("data", {
    rule: `ImageNet 32x32, ${path}, must ${rule}.`,
    found: `${found}.`,
    fix: `get the npz files of ${address} again.`,
  });
}
