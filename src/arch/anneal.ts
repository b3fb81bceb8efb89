/** What grows while the HyperNet trains: small architectures first (SMASH appendix). */

import type { SampleOptions } from "./sample.js";
import type { MemoryBankSettings } from "./space.js";

/**
 * How to sample when `progress` (0 … 1) of the training is done: over its first half the largest budget fraction rises
 * from .5 to 1, and the largest kernel from the smallest to the largest of the space.
 */
export function annealedOptions(settings: MemoryBankSettings, progress: number): Required<SampleOptions> {
  const share = Math.min(1, 2 * progress);
  const { kernel, maxKernel = kernel } = settings;
  return {
    budgetFraction: 0.5 + 0.5 * share,
    // Sizes are odd: whole steps of two pixels.
    maxKernel: kernel + 2 * Math.floor((share * (maxKernel - kernel)) / 2),
  };
}
