/** What a HyperNet is made from (SMASH section 5 and appendix). */

import type { Device, DType } from "../tensor/index.js";

/** Where a HyperNet of any space lives and what it starts from. */
export interface HyperNetOptions {
  /** Of the first weights. */
  readonly seed: number;
  /** Default: `defaultDevice()`. */
  readonly device?: Device;
  /** Default float32. */
  readonly dtype?: DType;
}

/** The shape of a HyperNet for memory banks. */
export interface HyperNetSettings {
  /** 3x3 layers of each dense block. Reference: 8, 10, 4. */
  readonly denseBlocks: readonly number[];
  /** Channels a 3x3 layer adds. Reference: 10. */
  readonly growth: number;
  /**
   * Norm of a generated weight [outputs, inputs, height, width]: "unit" is the paper's simplified weight norm; "he" multiplies it
   * by sqrt(2 * outputs), which keeps the signal's variance through ReLU and makes deep layers as audible as first ones.
   */
  readonly weightNorm: "unit" | "he";
  /**
   * Which weights of layers are generated: the 1x1 convolutions, as in the paper; all convolutions; or none, which leaves
   * plain weight sharing. What is not generated is learned freely, one weight per block and place in a layer, and sliced.
   * Default "pointwise".
   */
  readonly generated?: "pointwise" | "all" | "none";
  /**
   * Which layers share the freely learned convolutions: all of a block, as in the paper, or those of a block that have
   * the same dilation. Default "block".
   */
  readonly shared?: "block" | "dilation";
}

/** The author's. */
export const referenceHyperNet: HyperNetSettings = {
  denseBlocks: [8, 10, 4],
  growth: 10,
  weightNorm: "unit",
};
