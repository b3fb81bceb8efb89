/** The shape of a HyperNet (SMASH section 5 and appendix). */

export interface HyperNetSettings {
  /** 3x3 layers of each dense block. Reference: 8, 10, 4. */
  readonly denseBlocks: readonly number[];
  /** Channels a 3x3 layer adds. Reference: 10. */
  readonly growth: number;
  /**
   * Norm of a generated weight [outputs, inputs, 1, 1]: "unit" is the paper's simplified weight norm; "he" multiplies it
   * by sqrt(2 * outputs), which keeps the signal's variance through ReLU and makes deep layers as audible as first ones.
   */
  readonly weightNorm: "unit" | "he";
}

export const referenceHyperNet: HyperNetSettings = {
  denseBlocks: [8, 10, 4],
  growth: 10,
  weightNorm: "unit",
};
