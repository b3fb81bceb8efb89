/** Size and work of the resulting network, counted from its sites. */

import type { MemoryBankArchitecture } from "./architecture.js";
import { listSites } from "./sites.js";

/** What an architecture's own network costs. */
export interface Cost {
  /** Trainable numbers: convolutions, two per channel of every BatchNorm, the head with its bias. */
  readonly parameters: number;
  /** Multiply-adds of the convolutions and the head for one image. */
  readonly flops: number;
}

/** What of a site, in a network of any space, costs something. */
interface CostlySite {
  readonly kind: string;
  /** Of the weight, outputs first. */
  readonly shape: readonly number[];
  /** Height = width of what it gives, pixels. */
  readonly outputSize: number;
  readonly normalizedChannels: number | undefined;
}

/** Adds up sites; BatchNorm, activations, pooling and sums count as no work, as is usual. */
export function sumCost(sites: readonly CostlySite[]): Cost {
  let parameters = 0;
  let flops = 0;
  for (const { kind, shape, outputSize, normalizedChannels = 0 } of sites) {
    const weights = shape.reduce((product, length) => product * length, 1);
    const bias = kind === "head" ? shape[0] : 0;
    parameters += weights + bias + 2 * normalizedChannels;
    flops += weights * outputSize ** 2;
  }
  return { parameters, flops };
}

/** Counts a valid architecture. */
export function countMemoryBankCost(architecture: MemoryBankArchitecture): Cost {
  return sumCost(listSites(architecture));
}
