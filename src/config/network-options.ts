/**
 * Options of normal training, all off unless named: docs/training.md says what they do and where they are from. They stand
 * beside the paper's settings in `networkTraining`; configurations of older runs are without them.
 */

import { z } from "zod";

const fraction = z.number().min(0).lt(1);
const count = z.int().nonnegative();

export const networkOptions = {
  /** Side of the square that is blanked out of every image, pixels; 0 is off. */
  cutout: count.optional(),
  /** Alpha of the shares that images are mixed by; 0 is off. */
  mixup: z.number().nonnegative().optional(),
  /** Operations an image goes through (0 is off), and their magnitude. */
  randAugment: z.strictObject({ operations: count, magnitude: z.number().min(0).max(30) }).optional(),
  /** Probability of leaving out the last layer in a step; 0 is off. */
  stochasticDepth: fraction.optional(),
  /** Moving average of the weights; decay 0 is off. */
  average: z.strictObject({ decay: fraction }).optional(),
  /** Epochs without a lower validation error, after which training ends with the best epoch's weights; 0 is off. */
  earlyStopping: z.strictObject({ patience: count }).optional(),
} as const;
