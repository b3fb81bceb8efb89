/**
 * The settings of the memory-bank search space, version 1 (SMASH section 5 and Table 1), and what follows from them:
 * block widths, bank counts, channel budgets and the width of a layer's 1x1 convolution.
 *
 * These functions trust their settings; `checkSpaceSettings` says whether they can be trusted.
 */

export interface SpaceSettings {
  readonly name?: "memory-banks";
  /** N: channels of a memory bank and the step in which units are counted. */
  readonly baseChannels: number;
  /** Nmax: the most units of a layer, a multiple of N. */
  readonly maxUnits: number;
  /** D: one column of the encoding stands for N*D input channels of a layer. */
  readonly depthCompression: number;
  /** Scales a block's budget of input channels, and so its number of layers. */
  readonly depth: number;
  /** Widening factor of every block. */
  readonly width: number;
  /** The 1x1 convolution has at most this many times the layer's units as outputs. */
  readonly bottleneck: number;
  /** Odd kernel size of the layer's convolution, pixels. */
  readonly kernel: number;
  /** Dilations 1 … this are sampled. */
  readonly maxDilation: number;
  /** Odd kernel size of the stem, pixels. */
  readonly stemKernel: number;
  readonly input: { readonly channels: number; readonly size: number };
  readonly classes: number;
}

/** What the settings say of one block. */
export interface BlockLimits {
  /** Channels of the block's input. */
  readonly inputChannels: number;
  /** Banks filled by the block's input (inputChannels / N). */
  readonly inputBanks: number;
  /** Most channels in the block's banks together. */
  readonly maxChannels: number;
  /** Most banks (maxChannels / N). */
  readonly maxBanks: number;
  /** Sum over the layers of the channels they read, at most. */
  readonly channelBudget: number;
  /** The same in whole slices of N*D channels, the unit in which layers read. */
  readonly sliceBudget: number;
}

/** Number of blocks, each at half the resolution of the one before. */
export const blockCount = 3;

/**
 * Widths and budgets of the blocks. `base = 2N`; a block starts at half the previous block's width, rounded down to a
 * multiple of `base`, and may grow by `2 * base * width` channels (the last one up to `4 * base * width` in all).
 */
export function blockLimits(settings: SpaceSettings): readonly BlockLimits[] {
  const { baseChannels, depthCompression, depth, width } = settings;
  const base = 2 * baseChannels;
  const growth = base * width;
  const limits: BlockLimits[] = [];
  let inputChannels = growth;
  for (let index = 0; index < blockCount; index++) {
    const maxChannels = index === blockCount - 1 ? 4 * growth : inputChannels + 2 * growth;
    const channelBudget = inputChannels + depth * 2 ** index * growth;
    limits.push({
      inputChannels,
      inputBanks: inputChannels / baseChannels,
      maxChannels,
      maxBanks: maxChannels / baseChannels,
      channelBudget,
      sliceBudget: Math.floor(channelBudget / (baseChannels * depthCompression)),
    });
    inputChannels = Math.floor(maxChannels / 2 / base) * base;
  }
  return limits;
}

/** Output channels of the 1x1 convolution of a layer that reads `inputs` channels and gives `units`. */
export function bottleneckChannels(settings: SpaceSettings, inputs: number, units: number): number {
  const { bottleneck, maxUnits } = settings;
  const ratio = Math.min(Math.max(Math.floor(inputs / units), 1), bottleneck);
  return Math.min(ratio * units, inputs, bottleneck * maxUnits);
}
