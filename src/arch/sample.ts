/**
 * Random architectures of a memory-bank space (SMASH section 5).
 *
 * Never fails or loops: settings that cannot be sampled are refused first, and every layer uses at least one slice of
 * the block's budget. What version 2 adds is drawn only where the settings ask for it, so that version 1 draws the same
 * architectures from a seed as before there was a version 2.
 */

import { SmashError } from "../errors.js";
import type { Random } from "../random.js";
import { architectureVersion } from "./architecture.js";
import type { MemoryBankArchitecture, Block, Layer } from "./architecture.js";
import { bankChoices, slicesRead } from "./bank-sizes.js";
import { checkSpaceSettings } from "./check-space.js";
import { drawConvolutions } from "./convolution-choices.js";
import {
  buildLayer,
  drawUnits,
  drawWriteCount,
  fillInOrder,
  mostReads,
  targetChoices,
  unitChoices,
  type LayerRoom,
} from "./layer-choices.js";
import { nonEmptyAfter } from "./memory-banks.js";
import { range } from "./numbers.js";
import { blockLimits, completeSettings } from "./space.js";
import type { BlockLimits, CompleteSettings, MemoryBankSettings } from "./space.js";

/** A block uses at least this fraction of its budget. */
const minBudgetFraction = 0.3;

/** How `sampleArchitecture` draws. */
export interface SampleOptions {
  /** Most of its channel budget that a block may use, .3 … 1; annealed from .5 to 1 in training. Default 1. */
  readonly budgetFraction?: number;
  /** Largest kernel size for now, pixels; annealed in training. Default: the space's. */
  readonly maxKernel?: number;
}

function checkBudgetFraction(fraction: number): void {
  if (fraction >= minBudgetFraction && fraction <= 1) return;
  throw new SmashError("config", {
    rule: `budgetFraction lies between ${minBudgetFraction} and 1.`,
    found: `budgetFraction ${fraction}.`,
    fix: `Anneal it from .5 to 1, or leave it out for 1.`,
  });
}

function checkMaxKernel({ kernel, maxKernel }: CompleteSettings, most: number): void {
  if (most >= kernel && most <= maxKernel) return;
  throw new SmashError("config", {
    rule: `The largest kernel to sample lies between the space's ${kernel} and ${maxKernel}.`,
    found: `maxKernel ${most}.`,
    fix: `Anneal it from ${kernel} to ${maxKernel}, or leave it out for ${maxKernel}.`,
  });
}

interface Draw {
  readonly settings: CompleteSettings;
  readonly random: Random;
  readonly maxKernel: number;
}

function sampleLayer({ settings, random, maxKernel }: Draw, room: LayerRoom): Layer {
  const { banks, nonEmpty } = room;
  const { readBanks, bankChannels, maxBanks } = banks;
  const reads = random.subset(range(0, nonEmpty - 1), random.integer(1, mostReads(room)) * readBanks);
  const inputs = reads.length * bankChannels;
  const units = drawUnits(settings, random, { options: unitChoices(settings, banks), inputs });
  const count = drawWriteCount(random, { nonEmpty, outputBanks: units / bankChannels });
  const targets = targetChoices({ count, nonEmpty, maxBanks });
  const writes = fillInOrder(random.subset(targets, count), nonEmpty);
  const convolutions = drawConvolutions(settings, random, maxKernel);
  return buildLayer(settings, bankChannels, { reads, writes, units, ...convolutions });
}

function sampleBlock(draw: Draw, limits: BlockLimits, budgetFraction: number): Block {
  const { settings, random } = draw;
  const fraction = random.uniform(minBudgetFraction, budgetFraction);
  // The smallest spaces would round down to no layer at all.
  let slices = Math.max(Math.floor(fraction * limits.sliceBudget), 1);
  const choices = bankChoices(settings, limits, { slices });
  const banks = choices.length === 1 ? choices[0] : random.choice(choices);
  const layers: Layer[] = [];
  let nonEmpty = banks.inputBanks;
  while (slices >= banks.readSlices) {
    const layer = sampleLayer(draw, { banks, nonEmpty, slices });
    layers.push(layer);
    slices -= slicesRead(layer, banks);
    nonEmpty = nonEmptyAfter(layer, nonEmpty);
  }
  return { bankChannels: banks.bankChannels, inputChannels: limits.inputChannels, layers };
}

/** Draws an architecture; throws a SmashError ("config") for settings that cannot be sampled. */
export function sampleArchitecture(
  settings: MemoryBankSettings,
  random: Random,
  options: SampleOptions = {},
): MemoryBankArchitecture {
  checkSpaceSettings(settings);
  const complete = completeSettings(settings);
  const { budgetFraction = 1, maxKernel = complete.maxKernel } = options;
  checkBudgetFraction(budgetFraction);
  checkMaxKernel(complete, maxKernel);
  const { input, classes, stemKernel, activationOrder, batchNorm } = complete;
  const draw = { settings: complete, random, maxKernel };
  return {
    space: "memory-banks",
    version: architectureVersion,
    input,
    classes,
    stem: { kernel: stemKernel },
    activationOrder,
    batchNorm,
    blocks: blockLimits(complete).map((limits) => sampleBlock(draw, limits, budgetFraction)),
  };
}
