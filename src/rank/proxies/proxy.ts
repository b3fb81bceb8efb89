/** What ranks architectures without a HyperNet: the baselines that a SMASH score has to beat. */

import type { Architecture } from "../../arch/index.js";
import type { DType } from "../../tensor/index.js";
import type { BatchTensors, ImageSource, NetworkTrainingSettings } from "../../train/index.js";

/** What proxies look at: never a test image. */
export interface ProxyData {
  readonly train: ImageSource;
  /** A batch of training images. */
  readonly batch: BatchTensors;
  /** Held-out images, for the error of a short training. */
  readonly validation: readonly BatchTensors[];
  readonly networkTraining: NetworkTrainingSettings;
  /** Of first weights. */
  readonly seed: number;
  readonly computeType?: DType | undefined;
}

/** A score for architectures that needs no HyperNet. */
export interface Proxy {
  readonly name: ProxyName;
  /** Lower predicts a better network, as a SMASH score does. */
  score(architecture: Architecture, data: ProxyData): number;
}

/** The baselines by name. */
export type ProxyName = "parameters" | "flops" | "naswot" | "synflow" | "short-training";
