/**
 * Changes the elements of one layer and repairs what no longer fits.
 *
 * Repairs: reads move off banks that are now empty, writes close the gaps between banks that are filled, a layer with
 * more units writes more banks. The sampler's upper limit on banks written is a matter of its probabilities and is not
 * repaired.
 */

import type { Random } from "../random.js";
import type { Layer } from "./architecture.js";
import {
  buildLayer,
  drawWriteCount,
  fillInOrder,
  range,
  targetChoices,
  unitChoices,
} from "./layer-choices.js";
import type { BlockLimits, SpaceSettings } from "./space.js";

/** Everything one pass over an architecture needs. */
export interface PerturbPass {
  readonly settings: SpaceSettings;
  readonly random: Random;
  /** Asked once for every element, in a fixed order: is this one resampled? */
  readonly isResampled: () => boolean;
}

export interface LayerRoom {
  readonly limits: BlockLimits;
  readonly nonEmpty: number;
  /** Slices this layer may read. */
  readonly slices: number;
}

/** Another one of the options, or the current one where there is no other. */
function drawOther(random: Random, options: readonly number[], current: number): number {
  const others = options.filter((option) => option !== current);
  return others.length > 0 ? random.choice(others) : current;
}

interface Completion {
  readonly count: number;
  readonly kept: readonly number[];
  readonly candidates: readonly number[];
  /** Candidates that are taken only when the others do not suffice. */
  readonly avoided: readonly number[];
}

/** `count` banks, ascending: the kept ones, thinned out or filled up at random. */
function complete(random: Random, { count, kept, candidates, avoided }: Completion): number[] {
  const keep = random.subset(kept, Math.min(count, kept.length));
  const free = candidates.filter((bank) => !keep.includes(bank));
  const missing = count - keep.length;
  const fresh = free.filter((bank) => !avoided.includes(bank));
  const added = random.subset(fresh, Math.min(missing, fresh.length));
  const spare = free.filter((bank) => avoided.includes(bank));
  return [...keep, ...added, ...random.subset(spare, missing - added.length)].sort((a, b) => a - b);
}

function perturbReads(layer: Layer, room: LayerRoom, pass: PerturbPass): number[] {
  const { settings, random, isResampled } = pass;
  const { depthCompression } = settings;
  const { nonEmpty, slices } = room;
  const most = Math.min(slices, Math.floor(nonEmpty / depthCompression));
  const current = layer.reads.length / depthCompression;
  const wanted = isResampled() ? drawOther(random, range(1, most), current) : current;
  const kept = layer.reads.filter((bank) => !isResampled() && bank < nonEmpty);
  const candidates = range(0, nonEmpty - 1);
  const count = Math.min(wanted, most) * depthCompression;
  return complete(random, { count, kept, candidates, avoided: layer.reads });
}

function perturbWrites(layer: Layer, outputBanks: number, room: LayerRoom, pass: PerturbPass): number[] {
  const { random, isResampled } = pass;
  const { nonEmpty, limits } = room;
  const current = layer.writes.length;
  const count = isResampled()
    ? drawWriteCount(random, { nonEmpty, outputBanks, avoid: current })
    : Math.max(current, outputBanks);
  const writes = fillInOrder(layer.writes, nonEmpty);
  const kept = writes.filter(() => !isResampled());
  const candidates = targetChoices({ count, nonEmpty, maxBanks: limits.maxBanks });
  // Empty banks are alike: one that is given up would only come back under another number.
  const givesUpEmpty = writes.some((bank) => bank >= nonEmpty && !kept.includes(bank));
  const avoided = givesUpEmpty ? [...writes, ...candidates.slice(nonEmpty)] : writes;
  return fillInOrder(complete(random, { count, kept, candidates, avoided }), nonEmpty);
}

/** The layer with some elements resampled and the rest repaired to fit the banks filled before it. */
export function perturbLayer(layer: Layer, room: LayerRoom, pass: PerturbPass): Layer {
  const { settings, random, isResampled } = pass;
  const reads = perturbReads(layer, room, pass);
  const unitOptions = unitChoices(settings, room.limits.maxBanks);
  const units = isResampled() ? drawOther(random, unitOptions, layer.units) : layer.units;
  const writes = perturbWrites(layer, units / settings.baseChannels, room, pass);
  const current = layer.convolutions[0].dilation[0];
  const dilation = isResampled() ? drawOther(random, range(1, settings.maxDilation), current) : current;
  return buildLayer(settings, { reads, writes, units, dilation });
}
