/**
 * NASWOT (Mellor et al. 2021): how differently an untrained network sees the images of one batch. Which ReLUs are on is
 * the image's code; the score is the log-determinant of the matrix of how many units agree between every two images.
 */

import type { Architecture } from "../../arch/index.js";
import { createNetwork, batchStatistics } from "../../network/index.js";
import { noGrad, scope, zeros, type Tensor } from "../../tensor/index.js";
import type { Proxy, ProxyData } from "./proxy.js";

/** Added to the diagonal, as a share of it: equal codes then have a low score, and not none. */
const jitter = 1e-6;

/** Images of the batch, as in the paper. */
export const naswotImages = 128;

/** Minus the paper's score: lower is better. */
export function measureNaswot(
  architecture: Architecture,
  { batch, seed, computeType }: Pick<ProxyData, "batch" | "seed" | "computeType">,
): number {
  return noGrad(() =>
    scope(() => {
      const network = createNetwork(architecture, { seed, device: batch.images.device });
      const agreement = zeros([batch.count, batch.count], { dtype: "float64", device: batch.images.device });
      const onActivation = (activated: Tensor) =>
        scope(() => void agreement.addInPlace(activated.signAgreement()));
      network.forward(batch.images, { statistics: batchStatistics, computeType, onActivation });
      return -logDeterminant(agreement.toArray() as Float64Array, batch.count);
    }),
  );
}

export const naswotProxy: Proxy = { name: "naswot", score: measureNaswot };

/** Of a symmetric positive matrix [size, size], by Cholesky. */
export function logDeterminant(matrix: Float64Array, size: number): number {
  const lower = new Float64Array(size * size);
  let sum = 0;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      let value = matrix[row * size + column];
      if (row === column) value *= 1 + jitter;
      for (let k = 0; k < column; k++) value -= lower[row * size + k] * lower[column * size + k];
      if (row === column) {
        const pivot = Math.max(value, jitter * matrix[row * size + row], Number.MIN_VALUE);
        sum += Math.log(pivot);
        lower[row * size + row] = Math.sqrt(pivot);
      } else {
        lower[row * size + column] = value / lower[column * size + column];
      }
    }
  }
  return sum;
}
