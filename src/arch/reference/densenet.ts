/**
 * A densely connected network (Huang et al.): every layer reads all there is and fills the next empty lane. The growth
 * rate is N*D channels, the fewest that leave whole columns of the encoding to read; as many layers as the block's banks
 * and budget allow.
 */

import type { MemoryBankArchitecture, Block, Layer } from "../architecture.js";
import { range } from "../numbers.js";
import type { BlockLimits, CompleteSettings, MemoryBankSettings } from "../space.js";
import { assemble, plainLayer, planLanes } from "./lanes.js";

function denseBlock(settings: CompleteSettings, limits: BlockLimits): Block {
  const { inputChannels, maxChannels, channelBudget } = limits;
  const growth = settings.baseChannels * settings.depthCompression;
  const { bankChannels, banks } = planLanes(settings, limits, growth);
  const layers: Layer[] = [];
  let [filled, read] = [inputChannels, 0];
  while (layers.length === 0 || (filled + growth <= maxChannels && read + filled <= channelBudget)) {
    const reads = range(0, filled / bankChannels - 1);
    layers.push(plainLayer(settings, { reads, writes: banks(layers.length + 1), bankChannels }));
    read += filled;
    filled += growth;
  }
  return { bankChannels, inputChannels, layers };
}

export function denseNet(settings: MemoryBankSettings): MemoryBankArchitecture {
  return assemble(settings, denseBlock);
}
