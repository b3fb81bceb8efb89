/**
 * An architecture as a few numbers, for a model that learns from few examples. The encoding c of the HyperNet is longer
 * than such a model can use; these are its averages over the layers of a block.
 */

import { mean } from "../statistics/index.js";
import { countCost, type Architecture } from "./any-architecture.js";
import type { MemoryBankArchitecture, Block, Convolution } from "./architecture.js";
import type { CellArchitecture } from "./nas-bench-201/cell-architecture.js";
import { cellEdges, operations } from "./nas-bench-201/cell.js";

/** Numbers by name; every architecture of a space has the same names, in the same order. */
export type Features = Readonly<Record<string, number>>;

/** Logarithms of both costs, and what was chosen: in each block on average, or on each edge of a cell. */
export function architectureFeatures(architecture: Architecture): Features {
  const { parameters, flops } = countCost(architecture);
  return {
    logParameters: Math.log(parameters),
    logFlops: Math.log(flops),
    ...(architecture.space === "nas-bench-201" ? cellFeatures(architecture) : bankFeatures(architecture)),
  };
}

/** 1 for the operation of each edge, 0 for the others. */
function cellFeatures({ cell }: CellArchitecture): Features {
  const entries = cellEdges.flatMap(({ source, target }, edge) =>
    operations.map((operation) => [`edge${source}${target}.${operation}`, Number(cell[edge] === operation)]),
  );
  return Object.fromEntries(entries) as Features;
}

function bankFeatures({ blocks }: MemoryBankArchitecture): Features {
  const entries = blocks.flatMap((block, index) =>
    Object.entries(blockFeatures(block)).map(([name, value]) => [`block${index}.${name}`, value]),
  );
  return Object.fromEntries(entries) as Features;
}

/** Channels are counted, not banks: how many channels a bank has may vary by block. */
function blockFeatures({ layers, bankChannels }: Block): Features {
  const convolutions = layers.flatMap((layer) => layer.convolutions);
  const ofLayers = (value: (layer: Block["layers"][number]) => number) => mean(layers.map(value));
  const ofConvolutions = (value: (convolution: Convolution) => number) => mean(convolutions.map(value));
  return {
    layers: layers.length,
    bankChannels,
    reads: ofLayers(({ reads }) => reads.length * bankChannels),
    writes: ofLayers(({ writes }) => writes.length * bankChannels),
    units: ofLayers(({ units }) => units),
    bottleneck: ofLayers(({ bottleneck }) => bottleneck),
    convolutions: ofLayers((layer) => layer.convolutions.length),
    gates: ofLayers(({ gates }) => gates.length),
    logKernel: ofConvolutions(({ kernel }) => logArea(kernel)),
    logDilation: ofConvolutions(({ dilation }) => logArea(dilation)),
    logGroups: ofConvolutions(({ groups }) => Math.log(groups)),
    rectified: ofConvolutions(({ activation }) => Number(activation === "relu")),
  };
}

const logArea = ([height, width]: Convolution["kernel"]) => Math.log(height * width);
