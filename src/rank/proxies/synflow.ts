/**
 * Synflow (Tanaka et al. 2020, as a ranking: Abdelfattah et al. 2021): the sum over all weights of |weight * gradient| of
 * an untrained network with the absolute values of its weights and without BatchNorm, shown one image of ones.
 */

import { createNetwork, runningStatistics } from "../../network/index.js";
import { ones, scope } from "../../tensor/index.js";
import type { Proxy } from "./proxy.js";

export const synflowProxy: Proxy = {
  name: "synflow",
  score: (architecture, { seed }) =>
    scope(() => {
      // Products over all layers: float32 would overflow.
      const network = createNetwork(architecture, { seed, dtype: "float64" });
      for (const parameter of network.parameters().values()) parameter.copyFrom(parameter.abs());
      const { channels, size } = architecture.input;
      const image = ones([1, channels, size, size], { dtype: "float64" }).channelsLast();
      // New running statistics are mean 0 and variance 1: a BatchNorm that changes nothing.
      network.forward(image, { statistics: runningStatistics }).sum().backward();
      let total = 0;
      for (const [name, parameter] of network.parameters()) {
        if (name.includes(".norm.") || name.endsWith(".bias")) continue;
        const gradient = parameter.grad;
        if (gradient) total += parameter.mul(gradient).sum().item();
      }
      return -Math.log(Math.max(total, Number.MIN_VALUE));
    }),
};
