/**
 * Random architectures of the version 1 space (SMASH section 5): one 3x3-like convolution a layer, banks of N channels.
 *
 * Never fails or loops: settings that cannot be sampled are refused first, and every layer uses at least one slice of
 * the block's budget.
 */

import { SmashError } from "../errors.js";
import type { Random } from "../random.js";
import { architectureVersion } from "./architecture.js";
import type { Architecture, Block, Layer } from "./architecture.js";
import { checkSpaceSettings } from "./check-space.js";
import {
  buildLayer,
  drawWriteCount,
  fillInOrder,
  range,
  targetChoices,
  unitChoices,
} from "./layer-choices.js";
import { blockLimits } from "./space.js";
import type { BlockLimits, SpaceSettings } from "./space.js";

/** A block uses at least this fraction of its budget. */
export const minBudgetFraction = 0.3;

export interface SampleOptions {
  /** Most of its channel budget that a block may use, .3 … 1; annealed from .5 to 1 in training. Default 1. */
  readonly budgetFraction?: number;
}

function checkBudgetFraction(fraction: number): void {
  if (fraction >= minBudgetFraction && fraction <= 1) return;
  throw new SmashError("config", {
    rule: `budgetFraction lies between ${minBudgetFraction} and 1.`,
    found: `budgetFraction ${fraction}.`,
    fix: `Anneal it from .5 to 1, or leave it out for 1.`,
  });
}

interface LayerRoom {
  readonly limits: BlockLimits;
  readonly nonEmpty: number;
  /** Slices left of the block's budget. */
  readonly slices: number;
}

function sampleLayer(settings: SpaceSettings, random: Random, room: LayerRoom): Layer {
  const { limits, nonEmpty, slices } = room;
  const { depthCompression, baseChannels, maxDilation } = settings;
  const maxBanks = limits.maxBanks;
  const sliceCount = random.integer(1, Math.min(slices, Math.floor(nonEmpty / depthCompression)));
  const reads = random.subset(range(0, nonEmpty - 1), sliceCount * depthCompression);
  const units = random.choice(unitChoices(settings, maxBanks));
  const count = drawWriteCount(random, { nonEmpty, outputBanks: units / baseChannels });
  const targets = targetChoices({ count, nonEmpty, maxBanks });
  const writes = fillInOrder(random.subset(targets, count), nonEmpty);
  return buildLayer(settings, { reads, writes, units, dilation: random.integer(1, maxDilation) });
}

function sampleBlock(settings: SpaceSettings, random: Random, room: LayerRoom): Block {
  const { limits } = room;
  const layers: Layer[] = [];
  let { nonEmpty, slices } = room;
  while (slices > 0) {
    const layer = sampleLayer(settings, random, { limits, nonEmpty, slices });
    layers.push(layer);
    slices -= layer.reads.length / settings.depthCompression;
    nonEmpty = Math.max(nonEmpty, layer.writes.at(-1)! + 1);
  }
  return { bankChannels: settings.baseChannels, inputChannels: limits.inputChannels, layers };
}

/** Draws an architecture; throws a SmashError ("config") for settings that cannot be sampled. */
export function sampleArchitecture(
  settings: SpaceSettings,
  random: Random,
  options: SampleOptions = {},
): Architecture {
  const { budgetFraction = 1 } = options;
  checkSpaceSettings(settings);
  checkBudgetFraction(budgetFraction);
  return {
    space: "memory-banks",
    version: architectureVersion,
    input: settings.input,
    classes: settings.classes,
    stem: { kernel: settings.stemKernel },
    activationOrder: "pre",
    batchNorm: "transitions",
    blocks: blockLimits(settings).map((limits) => {
      const fraction = random.uniform(minBudgetFraction, budgetFraction);
      // The smallest spaces would round down to no layer at all.
      const slices = Math.max(Math.floor(fraction * limits.sliceBudget), 1);
      return sampleBlock(settings, random, { limits, nonEmpty: limits.inputBanks, slices });
    }),
  };
}
