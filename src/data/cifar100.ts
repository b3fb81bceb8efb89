/**
 * CIFAR-100: 50,000 training and 10,000 test images, 3x32x32, with their 100 fine labels. A record of the binary version
 * is a coarse label, a fine label, and pixels as in CIFAR-10.
 *
 * https://www.cs.toronto.edu/~kriz/cifar.html
 */

import { join } from "node:path";
import { installArchive } from "./archive.js";
import type { Archive } from "./archive.js";
import { cifarChannels, cifarSize, imageBytes, readRecords } from "./cifar10-files.js";
import type { RecordFormat } from "./cifar10-files.js";
import { locateFiles } from "./locate-files.js";
import { recordSums, withRecordedSums } from "./recorded-sums.js";
import type { DatasetSource, ImageChunk } from "./source.js";
import { readVerified } from "./verify.js";
import type { PublishedFile } from "./verify.js";

// prettier-ignore
const classes = [
  "apple", "aquarium fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle",
  "bowl", "boy", "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle",
  "chair", "chimpanzee", "clock", "cloud", "cockroach", "couch", "crab", "crocodile", "cup", "dinosaur",
  "dolphin", "elephant", "flatfish", "forest", "fox", "girl", "hamster", "house", "kangaroo", "keyboard",
  "lamp", "lawn mower", "leopard", "lion", "lizard", "lobster", "man", "maple tree", "motorcycle", "mountain",
  "mouse", "mushroom", "oak tree", "orange", "orchid", "otter", "palm tree", "pear", "pickup truck", "pine tree",
  "plain", "plate", "poppy", "porcupine", "possum", "rabbit", "raccoon", "ray", "road", "rocket",
  "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper", "snail", "snake", "spider",
  "squirrel", "streetcar", "sunflower", "sweet pepper", "table", "tank", "telephone", "television", "tiger", "tractor",
  "train", "trout", "tulip", "turtle", "wardrobe", "whale", "willow tree", "wolf", "woman", "worm",
] as const;

export const cifar100Format: RecordFormat = { dataset: "cifar100", labelBytes: 2, labelAt: 1, classes: 100 };

const recordBytes = cifar100Format.labelBytes + imageBytes;

export interface Cifar100Parts {
  readonly archive: Archive;
  /** The published sum is that of the archive. */
  readonly train: PublishedFile;
  readonly test: PublishedFile;
}

export const cifar100 = cifar100Source({
  archive: {
    url: "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
    md5: "03b5dce01913d631647c71ecec9e9cb8",
    folder: "cifar-100-binary",
  },
  train: { name: "train.bin", bytes: 50_000 * recordBytes },
  test: { name: "test.bin", bytes: 10_000 * recordBytes },
});

export function cifar100Source({ archive, train, test }: Cifar100Parts): DatasetSource {
  const folderIn = (dataDir: string) => join(dataDir, "cifar100");
  const names = [train.name, test.name];
  return {
    name: "cifar100",
    classes,
    channels: cifarChannels,
    size: cifarSize,
    train: { count: train.bytes / recordBytes },
    test: { count: test.bytes / recordBytes },

    locate: (dataDir) => locateFiles(folderIn(dataDir), names),

    async fetch(dataDir, options) {
      const folder = folderIn(dataDir);
      await installArchive(folder, [train, test], { ...options, dataset: "cifar100", archive });
      await recordSums(folder, names);
    },

    async *read(dataDir): AsyncGenerator<ImageChunk> {
      const folder = folderIn(dataDir);
      for (const file of await withRecordedSums(folder, [train, test])) {
        const path = join(folder, file.name);
        const content = await readVerified(file, { path, dataset: "cifar100" });
        const part = file.name === test.name ? "test" : "train";
        yield { part, ...readRecords(content, path, cifar100Format) };
      }
    },
  };
}
