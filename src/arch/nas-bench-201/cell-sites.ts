/**
 * The single description of every weight of a cell network: building, generating, counting and running walk this list,
 * in the order in which the network runs. Edges that carry nothing to the output have no site.
 */

import { stageCount, type CellArchitecture } from "./cell-architecture.js";
import { cellEdges, pruneCell } from "./cell.js";

/** The operations of a cell that have weights. */
export type ConvolutionOperation = "nor_conv_1x1" | "nor_conv_3x3";

interface ConvolutionFacts {
  /** [out, in, kernel height, kernel width] */
  readonly shape: readonly [number, number, number, number];
  readonly stride: 1 | 2;
  /** Height = width of the convolution's output, pixels. */
  readonly outputSize: number;
  /** Channels of the BatchNorm after it; undefined where there is none. */
  readonly normalizedChannels: number | undefined;
}

/** Image to the first stage's channels: 3x3 convolution, BatchNorm. */
export interface CellStemSite extends ConvolutionFacts {
  readonly kind: "stem";
}

/** An edge's ReLU, convolution, BatchNorm: generated in a search network. */
export interface EdgeSite extends ConvolutionFacts {
  readonly kind: "edge";
  readonly stage: number;
  /** Position of the cell in its stage. */
  readonly cell: number;
  /** Position in `cellEdges`. */
  readonly edge: number;
  readonly operation: ConvolutionOperation;
}

/** The residual block of stride 2 before a stage: two ReLU-3x3-BatchNorm, and average pool and 1x1 beside them. */
export interface ReductionSite extends ConvolutionFacts {
  readonly kind: "reduction";
  /** The stage it leads to. */
  readonly stage: number;
  readonly part: "first" | "second" | "shortcut";
}

/** BatchNorm, ReLU, global average pool, and this fully connected layer. */
export interface CellHeadSite {
  readonly kind: "head";
  /** [classes, channels] */
  readonly shape: readonly [number, number];
  readonly outputSize: 1;
  /** Channels of the BatchNorm before the pool. */
  readonly normalizedChannels: number;
}

/** A place with weights in a network of cells. */
export type CellSite = CellStemSite | EdgeSite | ReductionSite | CellHeadSite;

/** Channels of a stage. */
export function stageChannels({ channels }: { readonly channels: number }, stage: number): number {
  return channels * 2 ** stage;
}

export function listCellSites(architecture: CellArchitecture): CellSite[] {
  const { input, classes, channels, cells } = architecture;
  const pruned = pruneCell(architecture.cell);
  const sites: CellSite[] = [{ kind: "stem", ...convolution([channels, input.channels, 3, 3], input.size) }];
  for (let stage = 0; stage < stageCount; stage++) {
    const [width, size] = [stageChannels(architecture, stage), input.size / 2 ** stage];
    if (stage > 0) sites.push(...reductionSites(stage, width, size));
    for (let cell = 0; cell < cells; cell++) {
      for (const edge of cellEdges.keys()) {
        const operation = pruned[edge];
        if (operation !== "nor_conv_1x1" && operation !== "nor_conv_3x3") continue;
        const kernel = operation === "nor_conv_1x1" ? 1 : 3;
        const facts = convolution([width, width, kernel, kernel], size);
        sites.push({ kind: "edge", stage, cell, edge, operation, ...facts });
      }
    }
  }
  const width = stageChannels(architecture, stageCount - 1);
  sites.push({ kind: "head", shape: [classes, width], outputSize: 1, normalizedChannels: width });
  return sites;
}

function reductionSites(stage: number, width: number, size: number): ReductionSite[] {
  const at = { kind: "reduction", stage } as const;
  return [
    { ...at, part: "first", ...convolution([width, width / 2, 3, 3], size), stride: 2 },
    { ...at, part: "second", ...convolution([width, width, 3, 3], size) },
    {
      ...at,
      part: "shortcut",
      ...convolution([width, width / 2, 1, 1], size),
      normalizedChannels: undefined,
    },
  ];
}

function convolution(shape: ConvolutionFacts["shape"], outputSize: number): ConvolutionFacts {
  return { shape, stride: 1, outputSize, normalizedChannels: shape[0] };
}

/** `stage1.cell3.edge0.nor_conv_3x3`: the prefix of a site's tensors. */
export function cellSiteName(site: CellSite): string {
  switch (site.kind) {
    case "stem":
    case "head":
      return site.kind;
    case "edge":
      return `stage${site.stage}.cell${site.cell}.edge${site.edge}.${site.operation}`;
    case "reduction":
      return `stage${site.stage}.reduction.${site.part}`;
  }
}
