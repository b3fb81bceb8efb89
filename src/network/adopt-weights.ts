/** Gives a network with weights of its own those of another source. */

import type { NamedTensors } from "../nn/index.js";
import { noGrad, scope } from "../tensor/index.js";
import type { SiteWeights } from "./weight-source.js";

/**
 * Copies weights, biases and what BatchNorms learn into `parameters`. `names`: of the sites, in the order of `source`;
 * what a site has no parameter for stays out.
 */
export function adoptWeights(
  parameters: NamedTensors,
  names: readonly string[],
  source: () => SiteWeights,
): void {
  noGrad(() =>
    scope(() => {
      const from = source();
      for (const [index, name] of names.entries()) {
        const own = (part: string) => parameters.get(`${name}.${part}`);
        if (own("weight")) {
          const { weight, bias } = from.weights(index);
          own("weight")!.copyFrom(weight);
          if (bias) own("bias")!.copyFrom(bias);
        }
        if (own("norm.weight")) {
          const norm = from.batchNorm(index);
          own("norm.weight")!.copyFrom(norm.weight);
          own("norm.bias")!.copyFrom(norm.bias);
        }
      }
    }),
  );
}
