/** A network with weights of its own, as normal training and testing see it. */

import type { Architecture } from "../arch/index.js";
import type { Module } from "../nn/index.js";
import type { Tensor } from "../tensor/index.js";
import type { RunOptions } from "./run-network.js";
import type { BatchNormStatistics } from "./statistics.js";

/** A network with weights of its own. */
export interface TrainableNetwork extends Module {
  readonly architecture: Architecture;
  /** Images [N, C, size, size], channels-last -> logits [N, classes]. */
  forward(images: Tensor, options: RunOptions & { readonly statistics: BatchNormStatistics }): Tensor;
}
