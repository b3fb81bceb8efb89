/**
 * The CIFAR augmentation: a crop at a random place out of the image with a black border, then a mirror image for every
 * second one. The border is pixel value 0 before normalising, as in the common recipes. Two more steps can be asked for:
 * RandAugment before it and Cutout after it.
 */

import type { Random } from "../random.js";
import type { RandAugment } from "./rand-augment.js";

/** Random changes to training images. */
export interface Augmentation {
  /** Border added on each side before cropping, pixels. SMASH section 4: 4. */
  readonly pad: number;
  /** Whether half of the images are mirrored left to right. */
  readonly flip: boolean;
  /** Side of the square that is blanked out, pixels; see `cutOut`. Default 0: none. */
  readonly cutout?: number | undefined;
  /** Default: none. */
  readonly randAugment?: RandAugment | undefined;
}

/** What happens to one image: pixel (y, x) of the result is pixel (y + down, x + right) of the image, then mirrored. */
export interface Placement {
  /** -pad … pad */
  readonly down: number;
  /** -pad … pad */
  readonly right: number;
  readonly mirrored: boolean;
}

export const unchanged: Placement = { down: 0, right: 0, mirrored: false };

/** Always three draws, so that an image's placement depends on its position in the batch only. */
export function drawPlacement(random: Random, { pad, flip }: Augmentation): Placement {
  const down = random.integer(-pad, pad);
  const right = random.integer(-pad, pad);
  const mirrored = random.bernoulli(0.5);
  return { down, right, mirrored: flip && mirrored };
}
