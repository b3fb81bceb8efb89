/**
 * Gives a block banks of another size. Layers go on reading and writing about the same channels; how much each may read
 * is rounded to the new size, so that all together stay inside the block's budget.
 */

import type { Block, Layer } from "./architecture.js";
import { bankChoices, blockBanks, slicesRead } from "./bank-sizes.js";
import type { BlockBanks } from "./bank-sizes.js";
import { drawOther, unitChoices } from "./layer-choices.js";
import type { PerturbPass } from "./perturb-layer.js";
import type { BlockLimits } from "./space.js";

/** A layer on its way to another one: the banks it reads may be more or fewer than `slices` says. */
export interface LayerDraft {
  readonly layer: Layer;
  /** Slices to read. */
  readonly slices: number;
}

export interface BlockDraft {
  readonly banks: BlockBanks;
  readonly layers: readonly LayerDraft[];
}

/** The banks that hold the channels of these ones of another size. */
function mapBanks(banks: readonly number[], from: BlockBanks, to: BlockBanks): number[] {
  const mapped = banks.map((bank) => Math.floor((bank * from.multiple) / to.multiple));
  return [...new Set(mapped)].filter((bank) => bank < to.maxBanks);
}

function nearest(options: readonly number[], wanted: number): number {
  return options.reduce((best, option) =>
    Math.abs(option - wanted) < Math.abs(best - wanted) ? option : best,
  );
}

function convertLayers(
  block: Block,
  { from, to, budget }: { readonly from: BlockBanks; readonly to: BlockBanks; readonly budget: number },
  pass: PerturbPass,
): LayerDraft[] {
  const units = unitChoices(pass.settings, to);
  let left = budget;
  return block.layers.map((layer, index) => {
    // Every later layer reads one step at least.
    const most = left - (block.layers.length - 1 - index) * to.readSlices;
    const wanted = Math.min(slicesRead(layer, from), most);
    const slices = Math.max(Math.floor(wanted / to.readSlices), 1) * to.readSlices;
    left -= slices;
    const [reads, writes] = [layer.reads, layer.writes].map((banks) => mapBanks(banks, from, to));
    return { layer: { ...layer, reads, writes, units: nearest(units, layer.units) }, slices };
  });
}

/** The block as it is or, where its bank size is resampled, with banks of another size that all its layers can read. */
export function perturbBankSize(block: Block, limits: BlockLimits, pass: PerturbPass): BlockDraft {
  const { settings, random, isResampled } = pass;
  const from = blockBanks(settings, limits, block.bankChannels / settings.baseChannels);
  const layers = block.layers.map((layer) => ({ layer, slices: slicesRead(layer, from) }));
  if (settings.bankSizes === "base" || !isResampled()) return { banks: from, layers };
  const options = bankChoices(settings, limits, { slices: limits.sliceBudget, layers: layers.length });
  const multiple = drawOther(
    random,
    options.map((option) => option.multiple),
    from.multiple,
  );
  if (multiple === from.multiple) return { banks: from, layers };
  const to = blockBanks(settings, limits, multiple);
  return { banks: to, layers: convertLayers(block, { from, to, budget: limits.sliceBudget }, pass) };
}
