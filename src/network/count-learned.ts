/** How many parameters a search trains. */

import { countValues } from "../nn/index.js";
import { scope } from "../tensor/index.js";
import { createSearchNetwork, type SearchSettings } from "./create-network.js";

/** Trainable parameters of a search network: the HyperNet's, and those that all architectures share beside it. */
export interface LearnedParameters {
  readonly hypernet: number;
  readonly free: number;
}

export function countLearned(settings: SearchSettings): LearnedParameters {
  return scope(() => {
    const { hypernet, free } = createSearchNetwork(settings, { seed: 0 });
    return {
      // A HyperNet that generates nothing is there, and is not trained.
      hypernet: settings.hypernet.generated === "none" ? 0 : countValues(hypernet.parameters()),
      free: countValues(free.parameters()),
    };
  });
}
