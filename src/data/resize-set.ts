/** An image set at another size, in memory. */

import type { ImageSet } from "./dataset.js";
import { imagesInMemory } from "./image-set.js";
import { resizeImages, type ResizeOptions } from "./resize-images.js";

/** Images that are copied at a time. */
const chunk = 512;

/**
 * All images, resampled (Lanczos); the set itself where the size stays. Of a large set that takes a minute: what
 * `beforeChunk` throws ends it.
 */
export async function resizeSet(
  set: ImageSet,
  options: ResizeOptions,
  beforeChunk?: () => void,
): Promise<ImageSet> {
  const { channels, from, to } = options;
  if (from === to) return set;
  const pixels = new Uint8Array(set.count * channels * to ** 2);
  for (let start = 0; start < set.count; start += chunk) {
    beforeChunk?.();
    const count = Math.min(chunk, set.count - start);
    const original = new Uint8Array(count * set.imageBytes);
    for (let place = 0; place < count; place++)
      original.set(set.image(start + place), place * set.imageBytes);
    const resized = await resizeImages({ pixels: original }, options);
    pixels.set(resized.pixels, start * channels * to ** 2);
  }
  return imagesInMemory(pixels, set.labels);
}
