/** For tests: a source's chunks as whole image sets in memory. */

import type { ImageSet } from "./dataset.js";
import { imagesInMemory } from "./image-set.js";
import type { ImageChunk } from "./source.js";

export interface CollectedImages {
  readonly train: ImageSet;
  readonly test: ImageSet;
}

export async function collectChunks(chunks: AsyncIterable<ImageChunk>): Promise<CollectedImages> {
  const all: ImageChunk[] = [];
  for await (const chunk of chunks) all.push(chunk);
  const join = (part: ImageChunk["part"]) => {
    const own = all.filter((chunk) => chunk.part === part);
    return imagesInMemory(
      Buffer.concat(own.map(({ pixels }) => pixels)),
      own.flatMap(({ labels }) => Array.from(labels)),
    );
  };
  return { train: join("train"), test: join("test") };
}
