/** Image sets in memory, and choices out of other sets. */

import { SmashError } from "../errors.js";
import type { ImageSet } from "./dataset.js";

/** A set of pixels that lie one image after the other; they are not copied. Throws `shape` when they do not fit. */
export function imagesInMemory(pixels: Uint8Array, labels: ArrayLike<number>): ImageSet {
  const count = labels.length;
  const imageBytes = count === 0 ? 0 : pixels.length / count;
  if (!Number.isInteger(imageBytes)) {
    throw new SmashError("shape", {
      rule: "The pixels must be those of whole images, one for each label.",
      found: `${pixels.length} bytes for ${count} labels.`,
      fix: "pass pixels and labels of the same images.",
    });
  }
  return {
    count,
    imageBytes,
    labels: Uint16Array.from(labels),
    image: (index) => pixels.subarray(index * imageBytes, (index + 1) * imageBytes),
  };
}

/** The images at `indices`, in that order: a view that copies no pixels. */
export function selectImages(set: ImageSet, indices: ArrayLike<number>): ImageSet {
  const places = Uint32Array.from(indices);
  return {
    count: places.length,
    imageBytes: set.imageBytes,
    labels: Uint16Array.from(places, (place) => set.labels[place]),
    image: (index) => set.image(places[index]),
  };
}
