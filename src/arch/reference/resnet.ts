/**
 * A residual network (He et al.): every block is one lane that all its layers read and add to. As many layers a block as
 * the space's `depth`; as wide as the block's input, or as the widest layer of the space if that is narrower.
 */

import type { MemoryBankArchitecture, Block } from "../architecture.js";
import { blockLimits, completeSettings } from "../space.js";
import type { BlockLimits, CompleteSettings, MemoryBankSettings } from "../space.js";
import { assemble, holdsInput, plainLayer, planLanes } from "./lanes.js";

function residualBlock(settings: CompleteSettings, limits: BlockLimits, isInSpace: boolean): Block {
  const { depth, maxUnits, convolutions } = settings;
  const inputChannels = Math.min(limits.inputChannels, maxUnits);
  const { bankChannels, banks } = isInSpace
    ? planLanes(settings, limits, inputChannels)
    : { bankChannels: inputChannels, banks: () => [0] };
  const lane = banks(0);
  const layer = plainLayer(settings, {
    reads: lane,
    writes: lane,
    bankChannels,
    // Two convolutions a residual layer, as in the original, where the space has them.
    positions: convolutions === "array" ? [0, 1] : [0],
  });
  const most = Math.floor(limits.channelBudget / inputChannels);
  return {
    bankChannels,
    inputChannels,
    layers: Array.from({ length: Math.min(depth, most) }, () => layer),
  };
}

export function resNet(settings: MemoryBankSettings): MemoryBankArchitecture {
  const complete = completeSettings(settings);
  const isInSpace = blockLimits(settings).every((limits) => holdsInput(complete, limits));
  return assemble(settings, (_, limits) => residualBlock(complete, limits, isInSpace));
}
