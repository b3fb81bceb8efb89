/** What random architectures of a space are like: their sizes, and which weights a HyperNet would generate. */

import { countCost, listCellSites, listSites } from "../../../arch/index.js";
import type { Architecture } from "../../../arch/index.js";
import type { ChosenSpace } from "./choose-space.js";
import { countLearned, type LearnedParameters } from "../../../network/index.js";
import { formatCount, formatPercent, formatTextTable } from "../../../report/index.js";
import { mean } from "../../../statistics/index.js";

/** Percentiles that are shown. */
const percentiles = [0, 5, 25, 50, 75, 95, 100] as const;
type Distribution = Readonly<Record<"mean" | `p${(typeof percentiles)[number]}`, number>>;

export interface SampleSummary {
  readonly preset: string;
  readonly count: number;
  readonly parameters: Distribution;
  readonly flops: Distribution;
  readonly layers: Distribution;
  /** Fraction of a network's parameters that the HyperNet generates. */
  readonly generatedShare: Distribution;
  /** Trainable parameters of the SMASH network. */
  readonly smashNetwork: LearnedParameters;
  /** The network the paper found in this space: its parameters, and the fraction of these that are smaller. */
  readonly paper: { readonly parameters: number; readonly largerThan: number } | undefined;
}

function distribute(values: readonly number[]): Distribution {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (percent: number) => sorted[Math.round((percent / 100) * (sorted.length - 1))];
  return Object.fromEntries([
    ["mean", mean(values)],
    ...percentiles.map((percent) => [`p${percent}`, at(percent)]),
  ]) as Distribution;
}

/** Weights that the HyperNet generates. */
function countGenerated(architecture: Architecture): number {
  const shapes =
    architecture.space === "nas-bench-201"
      ? listCellSites(architecture).filter(({ kind }) => kind === "edge")
      : listSites(architecture).filter(({ kind }) => kind === "pointwise");
  return shapes.reduce((sum, { shape }) => sum + shape.reduce((size, side) => size * side, 1), 0);
}

/** Layers of memory banks; convolutions in cells. */
function countLayers(architecture: Architecture): number {
  if (architecture.space === "nas-bench-201") {
    return listCellSites(architecture).filter(({ kind }) => kind === "edge").length;
  }
  return architecture.blocks.reduce((sum, { layers }) => sum + layers.length, 0);
}

export function summarizeSamples(architectures: readonly Architecture[], preset: ChosenSpace): SampleSummary {
  const costs = architectures.map(countCost);
  const parameters = costs.map((cost) => cost.parameters);
  const { paperParameters } = preset;
  return {
    preset: preset.name,
    count: architectures.length,
    parameters: distribute(parameters),
    flops: distribute(costs.map(({ flops }) => flops)),
    layers: distribute(architectures.map(countLayers)),
    generatedShare: distribute(
      architectures.map((architecture, index) => countGenerated(architecture) / parameters[index]),
    ),
    smashNetwork: countLearned(preset),
    paper:
      paperParameters === undefined
        ? undefined
        : {
            parameters: paperParameters,
            largerThan: parameters.filter((count) => count < paperParameters).length / parameters.length,
          },
  };
}

export function formatSampleSummary(summary: SampleSummary): string {
  const { parameters, flops, layers, generatedShare, smashNetwork, paper } = summary;
  const keys = ["mean", ...percentiles.map((percent) => `p${percent}` as const)] as const;
  const row = (name: string, values: Distribution, format: (value: number) => string) => [
    name,
    ...keys.map((key) => format(values[key])),
  ];
  const table = formatTextTable(
    [{ title: "" }, ...keys.map((title) => ({ title, align: "right" as const }))],
    [
      row("parameters", parameters, formatCount),
      row("multiply-adds", flops, formatCount),
      row("layers", layers, (value) => String(Math.round(value))),
      row("generated", generatedShare, (value) => formatPercent(value, 1)),
    ],
  );
  const { hypernet, free } = smashNetwork;
  const learned = `the SMASH network learns ${formatCount(hypernet + free)} parameters: HyperNet ${formatCount(hypernet)}, free weights ${formatCount(free)}`;
  const found =
    paper &&
    `the paper's network, ${formatCount(paper.parameters)} parameters, is larger than ${formatPercent(paper.largerThan, 1)} of these`;
  return [
    `${summary.count} random architectures of ${summary.preset}`,
    table,
    [learned, found].filter(Boolean).join("\n"),
  ].join("\n\n");
}
