/** A network that gives any architecture of its space generated weights, as training and ranking see it. */

import type { Architecture, SearchSpace } from "../arch/index.js";
import type { NamedTensors } from "../nn/index.js";
import type { Tensor } from "../tensor/index.js";
import type { RunOptions } from "./run-network.js";
import type { BatchNormStatistics } from "./statistics.js";
import type { TrainableNetwork } from "./trainable-network.js";

/** Images [N, C, size, size], channels-last -> logits [N, classes]. */
export type Forward = (images: Tensor) => Tensor;

/** How weights are generated. */
export interface GenerateOptions {
  /** Seed of the noise z; without it z = 0. */
  readonly noiseSeed?: number | undefined;
  /**
   * What the HyperNet is told instead of the architecture itself, to see whether it listens: one that
   * `corruptArchitecture` gives.
   */
  readonly describedAs?: Architecture | undefined;
}

/** How a network with generated weights runs. */
export interface ForwardOptions extends RunOptions, GenerateOptions {
  readonly statistics: BatchNormStatistics;
  /** The encoding c as a tensor of the shape that `encode` gives, in place of the architecture's own; for its gradient. */
  readonly encoding?: Tensor | undefined;
}

/** Something that is trained. */
export interface HasParameters {
  /** What its optimizer changes, by name. */
  parameters(): NamedTensors;
}

/** One network for every architecture of a space, its weights generated or shared (SMASH section 3). */
export interface SearchNetwork {
  readonly space: SearchSpace;
  readonly hypernet: HasParameters;
  /** What is learned freely and shared by all architectures. */
  readonly free: HasParameters;
  /**
   * Generates the weights of an architecture, once; the forward pass may then run on any number of batches, within the
   * `scope` this was called in.
   */
  forward(architecture: Architecture, options: ForwardOptions): Forward;
  /**
   * A network with weights of its own, which begin as the generated ones. Its BatchNorms are those of this network, not
   * those of normal training, so it gives the same logits.
   */
  instantiate(architecture: Architecture, options?: GenerateOptions): TrainableNetwork;
  /** Everything trainable: "hypernet.…" and "free.…". */
  parameters(): NamedTensors;
  /** Running statistics. */
  buffers(): NamedTensors;
}
