/**
 * dE/dc: how the held-out loss of a network with generated weights changes with the encoding c that the HyperNet is told
 * (SMASH section 5.1).
 *
 * Limits: c is differentiated as the HyperNet's input alone. That another choice also runs another network (another
 * dilation, other banks) is not seen. Recalibrated BatchNorm statistics are differentiated as those of each held-out
 * batch, so that the gradient knows that statistics follow the weights.
 */

import { encode, type Architecture, type Encoding } from "../arch/index.js";
import { batchStatistics, runningStatistics, type SearchNetwork } from "../network/index.js";
import { clearGradients } from "../nn/index.js";
import { crossEntropySum, fromArray, scope } from "../tensor/index.js";
import type { BatchTensors } from "./batch-tensors.js";
import type { EvaluationOptions } from "./evaluate.js";

/** dE/dc at one architecture, in the shape of `encode`, and the loss E it belongs to. */
export interface EncodingGradient extends Encoding {
  /** Mean cross-entropy, nats, that `data` is the gradient of: nats for a change of 1 in an entry of c. */
  readonly loss: number;
}

/** Measures dE/dc, in the shape of `encode`. Parameters have no gradients afterwards; no running statistics move. */
export function encodingGradient(
  network: SearchNetwork,
  architecture: Architecture,
  validation: readonly BatchTensors[],
  options: EvaluationOptions = {},
): EncodingGradient {
  const { batchNorm, noiseSeed, describedAs = architecture, ...run } = options;
  const statistics = batchNorm === "running" ? runningStatistics : batchStatistics;
  const { shape, data } = encode(describedAs, network.space.settings);
  const total = validation.reduce((sum, { count }) => sum + count, 0);
  return withoutParameterGradients(network, () =>
    scope(() => {
      const { device, dtype } = firstParameter(network);
      const encoding = fromArray(data, shape, { device, dtype }).requireGrad();
      let loss = 0;
      for (const { images, labels } of validation) {
        loss += scope(() => {
          const forward = network.forward(architecture, {
            ...run,
            statistics,
            noiseSeed,
            describedAs,
            encoding,
          });
          const share = crossEntropySum(forward(images), labels).div(total);
          share.backward();
          return share.item();
        });
      }
      // A cell without convolutions has no generated weights, and no gradient.
      const gradient = encoding.grad;
      return { shape, data: gradient ? Float32Array.from(gradient.toNumbers()) : data.map(() => 0), loss };
    }),
  );
}

function firstParameter(network: SearchNetwork) {
  return network.parameters().values().next().value!;
}

/**
 * Drops the gradients that parameters got on the way: they belong to training. Parameters cannot be constants meanwhile,
 * because memory banks are written in place, which needs a chain that is differentiated from its start.
 */
function withoutParameterGradients<T>(network: SearchNetwork, body: () => T): T {
  try {
    return body();
  } finally {
    clearGradients([...network.parameters().values()]);
  }
}
