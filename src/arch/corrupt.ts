/**
 * A wrong description of an architecture, of the same shape: what a HyperNet is told when it is asked whether it listens
 * to the encoding at all (SMASH section 5.1, where dilations are shuffled). The description is a valid architecture.
 */

import type { Random } from "../random.js";
import type { Architecture } from "./any-architecture.js";
import type { Block, Convolution, Layer } from "./architecture.js";
import { blockBanks } from "./bank-sizes.js";
import { axisChoices, dilationChoices } from "./convolution-choices.js";
import { buildLayer, drawOther, unitChoices } from "./layer-choices.js";
import { nonEmptyBanks } from "./memory-banks.js";
import { range } from "./numbers.js";
import { cellEdges, formatCell, operations, pruneCell, type Cell } from "./nas-bench-201/cell.js";
import type { SpaceSettings } from "./search-space.js";
import { blockLimits, completeSettings, type CompleteSettings } from "./space.js";

/** What a layer's encoding can be wrong in; of a cell it is the operations of its edges. */
export const corruptions = ["dilation", "reads", "writes", "units"] as const;
/** What a layer's encoding can be wrong in. */
export type Corruption = (typeof corruptions)[number];

/** Which elements of an encoding become wrong. */
export interface CorruptionOptions {
  readonly random: Random;
  /** Of a memory-bank architecture. Default: all. */
  readonly kinds?: readonly Corruption[];
  /** At most so many elements, one for each layer and kind or for each edge. Default: all. */
  readonly elements?: number | undefined;
}

/** A wrong description, and how many elements of it are: 0 where no other choice exists. */
export interface Corrupted {
  readonly architecture: Architecture;
  readonly elements: number;
}

interface Surroundings {
  readonly settings: CompleteSettings;
  readonly block: Block;
  readonly index: number;
  /** Banks that are filled before the layer. */
  readonly nonEmpty: number;
}

/**
 * Another architecture whose encoding has the shape of this one's: layers with other dilations, as many other banks to
 * read, other filled banks to write, or other units; or another cell. Elements without an alternative stay as they are.
 */
export function corruptArchitecture(
  architecture: Architecture,
  space: SpaceSettings,
  { random, kinds = corruptions, elements = Infinity }: CorruptionOptions,
): Corrupted {
  if (architecture.space === "nas-bench-201") {
    const count = Math.min(elements, cellEdges.length);
    return {
      architecture: { ...architecture, cell: corruptCell(architecture.cell, count, random) },
      elements: count,
    };
  }
  if (space.name === "nas-bench-201") throw new TypeError("settings of another space");
  const settings = completeSettings(space);
  const places = architecture.blocks.flatMap(({ layers }, block) =>
    layers.flatMap((_, layer) => kinds.map((kind) => ({ block, layer, kind }))),
  );
  const blocks = architecture.blocks.map((block) => ({ ...block, layers: [...block.layers] }));
  let changed = 0;
  for (const { block: at, layer: index, kind } of random.shuffle(places)) {
    if (changed >= elements) break;
    const block = blocks[at];
    const layer = corruptLayer(
      kind,
      { settings, block, index: at, nonEmpty: nonEmptyBanks(block, index) },
      {
        layer: block.layers[index],
        random,
      },
    );
    if (layer === undefined) continue;
    block.layers[index] = layer;
    changed++;
  }
  return { architecture: { ...architecture, blocks }, elements: changed };
}

/** The layer with one element wrong; undefined where there is no alternative. */
function corruptLayer(
  kind: Corruption,
  { settings, block, index, nonEmpty }: Surroundings,
  { layer, random }: { readonly layer: Layer; readonly random: Random },
): Layer | undefined {
  const filled = range(0, nonEmpty - 1);
  switch (kind) {
    case "dilation": {
      const convolutions = layer.convolutions.map((own) => redrawDilation(own, settings, random));
      return JSON.stringify(convolutions) === JSON.stringify(layer.convolutions)
        ? undefined
        : { ...layer, convolutions };
    }
    case "reads": {
      const reads = drawOthers(layer.reads, filled, random);
      return reads && { ...layer, reads };
    }
    case "writes": {
      // Which banks are filled for the first time stays: later layers read them.
      const [old, fresh] = [
        layer.writes.filter((bank) => bank < nonEmpty),
        layer.writes.filter((bank) => bank >= nonEmpty),
      ];
      const writes = drawOthers(old, filled, random);
      return writes && { ...layer, writes: [...writes, ...fresh] };
    }
    case "units": {
      const { bankChannels } = block;
      const limits = blockLimits(settings)[index];
      const banks = blockBanks(settings, limits, bankChannels / settings.baseChannels);
      const options = unitChoices(settings, banks).filter(
        (units) => units <= layer.writes.length * bankChannels,
      );
      const units = drawOther(random, options, layer.units);
      return units === layer.units ? undefined : buildLayer(settings, bankChannels, { ...layer, units });
    }
  }
}

function redrawDilation(convolution: Convolution, settings: CompleteSettings, random: Random): Convolution {
  const dilations = axisChoices(settings).map(([axis]) => {
    const side = axis === "height" ? 0 : 1;
    return drawOther(random, dilationChoices(settings, convolution.kernel[side]), convolution.dilation[side]);
  });
  return { ...convolution, dilation: [dilations[0], dilations.at(-1)!] };
}

/** As many banks, ascending: as few of the old ones as can be; undefined where all are taken. */
function drawOthers(
  banks: readonly number[],
  candidates: readonly number[],
  random: Random,
): number[] | undefined {
  const others = candidates.filter((bank) => !banks.includes(bank));
  if (banks.length === 0 || others.length === 0) return undefined;
  const fresh = random.subset(others, Math.min(banks.length, others.length));
  const kept = random.subset(banks, banks.length - fresh.length);
  return [...fresh, ...kept].sort((one, other) => one - other);
}

/** A cell that is described otherwise: dead edges play no part in a description. */
function corruptCell(cell: Cell, count: number, random: Random): Cell {
  if (count === 0) return cell;
  const own = formatCell(pruneCell(cell));
  for (;;) {
    const wrong = new Set(random.subset([...cell.keys()], count));
    const other = cell.map((operation, edge) =>
      wrong.has(edge) ? drawOther(random, operations, operation) : operation,
    );
    if (formatCell(pruneCell(other)) !== own) return other;
  }
}
