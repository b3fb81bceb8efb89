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
  drawOther,
  drawUnits,
  drawWriteCount,
  fillInOrder,
  mostReads,
  targetChoices,
  unitChoices,
  type LayerRoom,
} from "./layer-choices.js";
import { range } from "./numbers.js";
import type { LayerDraft } from "./perturb-bank-size.js";
import { perturbConvolutions } from "./perturb-convolutions.js";
import type { CompleteSettings } from "./space.js";

/** Everything one pass over an architecture needs. */
export interface PerturbPass {
  readonly settings: CompleteSettings;
  readonly random: Random;
  /** Asked once for every element, in a fixed order: is this one resampled? */
  readonly isResampled: () => boolean;
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

function perturbReads({ layer, slices }: LayerDraft, room: LayerRoom, pass: PerturbPass): number[] {
  const { random, isResampled } = pass;
  const { nonEmpty, banks } = room;
  const { readBanks, readSlices } = banks;
  const most = mostReads(room);
  const current = slices / readSlices;
  const wanted = isResampled() ? drawOther(random, range(1, most), current) : current;
  const kept = layer.reads.filter((bank) => !isResampled() && bank < nonEmpty);
  const candidates = range(0, nonEmpty - 1);
  const count = Math.min(wanted, most) * readBanks;
  return complete(random, { count, kept, candidates, avoided: layer.reads });
}

function perturbUnits(current: number, inputs: number, { banks }: LayerRoom, pass: PerturbPass): number {
  const { settings, random, isResampled } = pass;
  if (!isResampled()) return current;
  const options = unitChoices(settings, banks).filter((units) => units !== current);
  return options.length > 0 ? drawUnits(settings, random, { options, inputs }) : current;
}

function perturbWrites(layer: Layer, outputBanks: number, room: LayerRoom, pass: PerturbPass): number[] {
  const { random, isResampled } = pass;
  const { nonEmpty, banks } = room;
  const current = layer.writes.length;
  const count = isResampled()
    ? drawWriteCount(random, { nonEmpty, outputBanks, avoid: current })
    : Math.max(current, outputBanks);
  const writes = fillInOrder(layer.writes, nonEmpty);
  const kept = writes.filter(() => !isResampled());
  const candidates = targetChoices({ count, nonEmpty, maxBanks: banks.maxBanks });
  // Empty banks are alike: one that is given up would only come back under another number.
  const givesUpEmpty = writes.some((bank) => bank >= nonEmpty && !kept.includes(bank));
  const avoided = givesUpEmpty ? [...writes, ...candidates.slice(nonEmpty)] : writes;
  return fillInOrder(complete(random, { count, kept, candidates, avoided }), nonEmpty);
}

/** The layer with some elements resampled and the rest repaired to fit the banks filled before it. */
export function perturbLayer(draft: LayerDraft, room: LayerRoom, pass: PerturbPass): Layer {
  const { layer } = draft;
  const { bankChannels } = room.banks;
  const reads = perturbReads(draft, room, pass);
  const units = perturbUnits(layer.units, reads.length * bankChannels, room, pass);
  const writes = perturbWrites(layer, units / bankChannels, room, pass);
  const convolutions = perturbConvolutions(layer, pass);
  return buildLayer(pass.settings, bankChannels, { reads, writes, units, ...convolutions });
}
