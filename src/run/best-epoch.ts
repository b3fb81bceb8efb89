/**
 * The best epoch of a training so far, in a file of its own beside the checkpoint: weights and running statistics, which
 * `smash eval` and `smash export` take. It stays whatever becomes of the training.
 */

import { formatPercent } from "../report/index.js";
import type { BestEpoch } from "../train/index.js";

/** `network.safetensors` -> `network.best-epoch.safetensors` */
export function bestEpochPath(checkpoint: string): string {
  const ending = ".safetensors";
  const stem = checkpoint.endsWith(ending) ? checkpoint.slice(0, -ending.length) : checkpoint;
  return `${stem}.best-epoch${ending}`;
}

/** One sentence for whoever wants to go on with what there is; empty before the first epoch's end. */
export function describeBestEpoch(checkpoint: string, best: BestEpoch | undefined): string {
  if (!best) return "";
  const { epoch, validationError } = best;
  const path = bestEpochPath(checkpoint);
  return ` The best epoch so far, ${epoch} with ${formatPercent(validationError)} validation error, is ${path}, which smash eval and smash export take.`;
}
