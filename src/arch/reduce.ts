/**
 * A smaller network of the same structure: fewer channels, fewer pixels. Reduced networks train in a fraction of the time,
 * and order much as the whole ones do (EcoNAS, Zhou et al. 2020).
 */

import type { Architecture } from "./any-architecture.js";
import type { MemoryBankArchitecture, Block, Convolution } from "./architecture.js";
import { stageCount, type CellArchitecture } from "./nas-bench-201/cell-architecture.js";

/** What is left of a network. */
export interface Reduction {
  /** Fraction of the channels; a bank keeps one at least. */
  readonly channels: number;
  /** Fraction of the images' height and width. */
  readonly resolution: number;
}

/** The same layers, banks and convolutions, or the same cell, with fewer channels, for smaller images. */
export function reduceArchitecture(architecture: Architecture, reduction: Reduction): Architecture {
  return architecture.space === "nas-bench-201"
    ? reduceCells(architecture, reduction)
    : reduceMemoryBanks(architecture, reduction);
}

/** Height = width of reduced images: the nearest size that halves `halvings` times, at least once so. */
export function reducedSize(size: number, { resolution }: Reduction, halvings: number): number {
  const step = 2 ** halvings;
  return Math.min(size, Math.max(step, step * Math.round((size * resolution) / step)));
}

function reduceCells(architecture: CellArchitecture, reduction: Reduction): CellArchitecture {
  const { input, channels } = architecture;
  return {
    ...architecture,
    input: { ...input, size: reducedSize(input.size, reduction, stageCount - 1) },
    channels: fewer(channels, reduction),
  };
}

function reduceMemoryBanks(
  architecture: MemoryBankArchitecture,
  reduction: Reduction,
): MemoryBankArchitecture {
  const { input, blocks } = architecture;
  return {
    ...architecture,
    input: { ...input, size: reducedSize(input.size, reduction, blocks.length - 1) },
    blocks: blocks.map((block) => reduceBlock(block, reduction)),
  };
}

function reduceBlock({ bankChannels, inputChannels, layers }: Block, reduction: Reduction): Block {
  const bank = fewer(bankChannels, reduction);
  /** What fills whole banks fills as many of the smaller ones. */
  const inBanks = (channels: number) => (channels / bankChannels) * bank;
  return {
    bankChannels: bank,
    inputChannels: inBanks(inputChannels),
    layers: layers.map((layer) => {
      const [units, bottleneck] = [inBanks(layer.units), fewer(layer.bottleneck, reduction)];
      const convolutions = layer.convolutions.map((convolution) =>
        fitGroups(convolution, { units, bottleneck }),
      );
      return { ...layer, units, bottleneck, convolutions };
    }),
  };
}

/** As many groups as divide the channels on both sides. */
function fitGroups(
  convolution: Convolution,
  { units, bottleneck }: { readonly units: number; readonly bottleneck: number },
): Convolution {
  const inputs = convolution.position % 2 === 0 ? bottleneck : units;
  let { groups } = convolution;
  while (inputs % groups > 0 || units % groups > 0) groups--;
  return { ...convolution, groups };
}

const fewer = (channels: number, reduction: Reduction) =>
  Math.max(1, Math.round(channels * reduction.channels));
