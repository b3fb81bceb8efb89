/**
 * NASWOT (Mellor et al. 2021): how differently an untrained network sees the images of one batch. Which ReLUs are on is
 * the image's code; the score is the log-determinant of the matrix of how many units agree between every two images.
 */

import type { Architecture } from "../../arch/index.js";
import { createNetwork, batchStatistics } from "../../network/index.js";
import { noGrad, scope, type Tensor } from "../../tensor/index.js";
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
      const agreement = new Float64Array(batch.count ** 2);
      const onActivation = (activated: Tensor) => addAgreement(agreement, activated);
      network.forward(batch.images, { statistics: batchStatistics, computeType, onActivation });
      return -logDeterminant(agreement, batch.count);
    }),
  );
}

export const naswotProxy: Proxy = { name: "naswot", score: measureNaswot };

/** Adds, for every two images, the number of units that are on in both or off in both. */
function addAgreement(agreement: Float64Array, activated: Tensor): void {
  scope(() => {
    const images = activated.shape[0];
    const units = activated.size / images;
    const codes = activated.greater(activated.mul(0)).to({ dtype: "float32" }).reshape([images, units]);
    const both = codes.matmul(codes.transpose(0, 1)).toArray() as Float32Array; // [N, N]
    for (let one = 0; one < images; one++) {
      for (let other = 0; other < images; other++) {
        const [onlyOne, onlyOther] = [both[one * images + one], both[other * images + other]];
        agreement[one * images + other] += units - onlyOne - onlyOther + 2 * both[one * images + other];
      }
    }
  });
}

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
