/** Size and work of the resulting network, counted from its sites. */

import type { Architecture } from "./architecture.js";
import { listSites } from "./sites.js";

/** What an architecture's own network costs. */
export interface Cost {
  /** Trainable numbers: convolutions, two per channel of every BatchNorm, the head with its bias. */
  readonly parameters: number;
  /** Multiply-adds of the convolutions and the head for one image. */
  readonly flops: number;
}

function product(numbers: readonly number[]): number {
  return numbers.reduce((result, number) => result * number, 1);
}

/** Counts a valid architecture; BatchNorm, activations, pooling and sums count as no work, as is usual. */
export function countCost(architecture: Architecture): Cost {
  let parameters = 0;
  let flops = 0;
  for (const site of listSites(architecture)) {
    const weights = product(site.shape);
    parameters += weights + (site.bias ? site.shape[0] : 0) + 2 * (site.normalizedChannels ?? 0);
    flops += weights * site.outputSize ** 2;
  }
  return { parameters, flops };
}
