/**
 * The settings of the memory-bank search space (SMASH sections 3 to 5 and Table 1), and what follows from them: block
 * widths, bank counts, channel budgets and the width of a layer's 1x1 convolution.
 *
 * One space with options: those that are left out have the values of version 1, so version 1 is a setting and not
 * another sampler. These functions trust their settings; `checkSpaceSettings` says whether they can be trusted.
 */

import type { MemoryBankArchitecture, Convolution } from "./architecture.js";

export type Activation = Convolution["activation"];

/** What a memory-bank space is made of (SMASH section 3.1 and its appendix). */
export interface MemoryBankSettings {
  readonly name?: "memory-banks";
  /** N: channels of the smallest memory bank and the step in which units are counted. */
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
  /** Odd kernel size of the layer's convolutions, pixels; the smallest one, where `maxKernel` is larger. */
  readonly kernel: number;
  /** Dilations 1 … this are sampled, as far as a convolution then spans no more than 9 pixels. */
  readonly maxDilation: number;
  /** Odd kernel size of the stem, pixels. */
  readonly stemKernel: number;
  readonly input: { readonly channels: number; readonly size: number };
  readonly classes: number;

  /** "varied": a block's banks have any multiple 1 … Nmax/N of N channels that divides its input. Default "base": N. */
  readonly bankSizes?: "base" | "varied";
  /** "near-reads": units likely to be near the channels that the layer reads. Default "uniform". */
  readonly unitSampling?: "uniform" | "near-reads";
  /** "array": up to four convolutions in two parallel paths. Default "single". */
  readonly convolutions?: "single" | "array";
  /** Largest odd kernel size, pixels. Default: `kernel`. */
  readonly maxKernel?: number;
  /** "separate": kernel sizes and dilations are drawn for height and width apart. Default "square". */
  readonly axes?: "square" | "separate";
  /** Groups are divisors of N up to this. Default 1. */
  readonly maxGroups?: number;
  /** The 1x1 convolution has at most this many times Nmax outputs. Default: `bottleneck`. */
  readonly maxBottleneck?: number;
  /** Whether two paths may be joined by a tanh-sigmoid gate instead of a sum. Default false. */
  readonly gates?: boolean;
  /** The nonlinearities of convolutions. Default: relu alone. */
  readonly activations?: readonly Activation[];
  /** Where the HyperNet-weighted network normalises. Default "transitions". */
  readonly batchNorm?: MemoryBankArchitecture["batchNorm"];
  /** Default "pre". */
  readonly activationOrder?: MemoryBankArchitecture["activationOrder"];
  /** Widening factor of the stem, and so of the first block's input. Default: `width`. */
  readonly stemWidth?: number;
}

/** Settings with nothing left out. */
export type CompleteSettings = Required<MemoryBankSettings>;

/** Fills in what was left out: the choices of version 1. */
export function completeSettings(settings: MemoryBankSettings): CompleteSettings {
  return {
    name: "memory-banks",
    // First, so that errors and files name these first.
    ...settings,
    bankSizes: "base",
    unitSampling: "uniform",
    convolutions: "single",
    maxKernel: settings.kernel,
    axes: "square",
    maxGroups: 1,
    maxBottleneck: settings.bottleneck,
    gates: false,
    activations: ["relu"],
    batchNorm: "transitions",
    activationOrder: "pre",
    stemWidth: settings.width,
    ...settings,
  };
}

/** What the settings say of one block. */
export interface BlockLimits {
  /** Channels of the block's input. */
  readonly inputChannels: number;
  /** Banks of N channels that are filled by the block's input. */
  readonly inputBanks: number;
  /** Most channels in the block's banks together. */
  readonly maxChannels: number;
  /** Most banks of N channels (maxChannels / N). */
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
export function blockLimits(settings: MemoryBankSettings): readonly BlockLimits[] {
  const { baseChannels, depthCompression, depth, width, stemWidth = width } = settings;
  const base = 2 * baseChannels;
  const growth = base * width;
  const limits: BlockLimits[] = [];
  let inputChannels = base * stemWidth;
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
export function bottleneckChannels(settings: MemoryBankSettings, inputs: number, units: number): number {
  const { bottleneck, maxBottleneck = bottleneck, maxUnits } = settings;
  const ratio = Math.min(Math.max(Math.floor(inputs / units), 1), bottleneck);
  return Math.min(ratio * units, inputs, maxBottleneck * maxUnits);
}
