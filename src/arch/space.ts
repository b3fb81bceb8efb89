/**
 * The settings of the memory-bank search space, version 1 (SMASH section 5 and Table 1), and what follows from them:
 * block widths, bank counts and channel budgets.
 */

export interface SpaceSettings {
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
  /** Most channels in the block's banks together. */
  readonly maxChannels: number;
  /** Most banks (maxChannels / N). */
  readonly maxBanks: number;
  /** Sum over the layers of the channels they read, at most. */
  readonly channelBudget: number;
}

/** Number of blocks, each at half the resolution of the one before. */
export const blockCount = 3;

/**
 * Widths and budgets of the blocks. `base = 2N`; a block starts at half the previous block's width, rounded down to a
 * multiple of `base`, and may grow by `2 * base * width` channels (the last one up to `4 * base * width` in all).
 */
export function blockLimits(settings: SpaceSettings): readonly BlockLimits[] {
  const base = 2 * settings.baseChannels;
  const growth = base * settings.width;
  const limits: BlockLimits[] = [];
  let inputChannels = growth;
  for (let index = 0; index < blockCount; index++) {
    const maxChannels = index === blockCount - 1 ? 4 * growth : inputChannels + 2 * growth;
    limits.push({
      inputChannels,
      maxChannels,
      maxBanks: maxChannels / settings.baseChannels,
      channelBudget: inputChannels + settings.depth * 2 ** index * growth,
    });
    inputChannels = Math.floor(maxChannels / 2 / base) * base;
  }
  return limits;
}
