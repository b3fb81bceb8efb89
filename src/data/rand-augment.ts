/**
 * RandAugment (Cubuk et al. 2020): a few operations, drawn with replacement, all at one magnitude. The operations are the
 * paper's fourteen, with the ranges of AutoAugment (Cubuk et al. 2019, table 6). Magnitude 0 changes nothing, but for
 * autoContrast and equalize, which have none.
 */

import type { Random } from "../random.js";
import {
  autoContrast,
  changeBrightness,
  changeColor,
  changeContrast,
  changeSharpness,
  equalize,
  posterize,
  solarize,
  type ImageShape,
} from "./pixel-operations.js";
import { rotation, warp } from "./warp.js";

/** Settings of RandAugment (Cubuk et al. 2019). */
export interface RandAugment {
  /** Operations an image goes through. */
  readonly operations: number;
  /** 0 … 30 */
  readonly magnitude: number;
}

export const randAugmentOperations = [
  "identity",
  "autoContrast",
  "equalize",
  "rotate",
  "solarize",
  "color",
  "posterize",
  "contrast",
  "brightness",
  "sharpness",
  "shearX",
  "shearY",
  "translateX",
  "translateY",
] as const;

export type RandAugmentOperation = (typeof randAugmentOperations)[number];

export const highestMagnitude = 30;

/** Image [C, size, size] -> a changed one; the given one stays as it is. Two draws an operation. */
export function randAugment(
  image: Uint8Array,
  { operations, magnitude }: RandAugment,
  { random, ...shape }: ImageShape & { readonly random: Random },
): Uint8Array {
  let result = image;
  for (let count = 0; count < operations; count++) {
    const operation = random.choice(randAugmentOperations);
    const sign = random.bernoulli(0.5) ? 1 : -1;
    result = applyOperation(result, operation, { ...shape, level: (sign * magnitude) / highestMagnitude });
  }
  return result;
}

/** `level`: -1 … 1, the sign being a direction where there is one. */
export function applyOperation(
  image: Uint8Array,
  operation: RandAugmentOperation,
  { level, ...shape }: ImageShape & { readonly level: number },
): Uint8Array {
  const { size } = shape;
  const strength = Math.abs(level);
  const factor = 1 + 0.9 * level;
  // 150 of the 331 pixels of the images AutoAugment was made for.
  const distance = Math.round((150 / 331) * size * level);
  switch (operation) {
    case "identity":
      return image;
    case "autoContrast":
      return autoContrast(image, shape);
    case "equalize":
      return equalize(image, shape);
    case "rotate":
      return warp(image, rotation(30 * level, size), shape);
    case "solarize":
      return solarize(image, 256 * (1 - strength));
    case "color":
      return changeColor(image, factor, shape);
    case "posterize":
      return posterize(image, 8 - Math.round(4 * strength));
    case "contrast":
      return changeContrast(image, factor, shape);
    case "brightness":
      return changeBrightness(image, factor);
    case "sharpness":
      return changeSharpness(image, factor, shape);
    case "shearX":
      return warp(image, [1, 0.3 * level, 0, 0, 1, 0], shape);
    case "shearY":
      return warp(image, [1, 0, 0, 0.3 * level, 1, 0], shape);
    case "translateX":
      return warp(image, [1, 0, distance, 0, 1, 0], shape);
    case "translateY":
      return warp(image, [1, 0, 0, 0, 1, distance], shape);
  }
}
