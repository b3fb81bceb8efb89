/** What a study compares: HyperNets, and what they are told. */

import { cellEdges, corruptions, type Corruption } from "../arch/index.js";
import type { RunConfig } from "../config/index.js";
import { SmashError } from "../errors.js";
import { takesNaswot, type RankedBy } from "../search/index.js";
import type { StudyName, StudyRequest } from "./request.js";

/** Which elements of an encoding are wrong; nothing given: all. */
export interface CorruptionChoice {
  readonly kinds?: readonly Corruption[];
  readonly elements?: number;
}

export interface Variant {
  /** In measurements and figures. */
  readonly name: string;
  /** Run folder of its HyperNet. Default: its name. */
  readonly hypernet?: string;
  /** Makes the HyperNet's description of an architecture wrong. */
  readonly corruption?: CorruptionChoice;
  readonly config: RunConfig;
}

/** Multiples of a HyperNet's width in the study `capacity`. */
const widths = [2, 1, 1 / 2, 1 / 4, 1 / 8, 1 / 16];
/** What is left of the width and the depth of a crippled HyperNet (SMASH section 5). */
const crippled = 1 / 16;
/** Numbers of wrong elements in the study `corrupt`, besides all of them. */
const wrongElements = [1, 2, 4, 8];

export function listVariants(request: StudyRequest): readonly Variant[] {
  const { study, config, seeds, run } = request;
  const variants: readonly Variant[] = {
    "nas-bench-201": () => [{ name: "hypernet", config }],
    correlation: () => [{ name: "hypernet", config }],
    corrupt: () => listCorruptions(config),
    gradient: () => [{ name: "hypernet", config }],
    // SMASH section 5: a much smaller HyperNet breaks the correlation.
    crippled: () => [
      { name: "whole", config },
      { name: "crippled", config: scaleHyperNet(config, { width: crippled, depth: crippled }) },
    ],
    // SMASH section 5: the more weights are learned freely, the lower the loss and the less it says.
    "free-weights": () => listFreeWeights(config),
    transfer: () => [{ name: "hypernet", config }],
    capacity: () => {
      const scaled = widths.map((width) => ({
        name: `width-${width}`,
        config: scaleHyperNet(config, { width }),
      }));
      // A narrow HyperNet cannot be halved for ever.
      const key = ({ config: { hypernet } }: Variant) => JSON.stringify(hypernet);
      return scaled.filter((variant, index) =>
        scaled.slice(0, index).every((other) => key(other) !== key(variant)),
      );
    },
    seeds: () =>
      Array.from({ length: Math.max(seeds, 2) }, (_, seed) => ({
        name: `seed-${seed}`,
        config: { ...config, seed },
      })),
  }[study]();
  if (run !== undefined && new Set(variants.map(hypernetOf)).size > 1) {
    throw new SmashError("usage", {
      rule: `The study ${study} trains several HyperNets of its own.`,
      found: `--run ${run}.`,
      fix: "leave out --run; --preset and --config say what is trained.",
    });
  }
  return variants;
}

/** SMASH section 5.1: the score should be best with the right encoding. */
function listCorruptions(config: RunConfig): readonly Variant[] {
  const isOfBanks = !isOfCells(config);
  const choices: readonly (readonly [string, CorruptionChoice])[] = [
    ["corrupted", {}],
    // A cell has six edges, and they are all of a kind.
    ...wrongElements
      .filter((elements) => isOfBanks || elements < cellEdges.length)
      .map((elements) => [`corrupted-${elements}`, { elements }] as const),
    ...(isOfBanks ? corruptions.map((kind) => [kind, { kinds: [kind] }] as const) : []),
  ];
  const hypernet = "hypernet";
  return [
    { name: "right", hypernet, config },
    ...choices.map(([name, corruption]) => ({ name, hypernet, config, corruption })),
  ];
}

type CellConfig = Extract<RunConfig, { hypernet: { width: number } }>;

const isOfCells = (config: RunConfig): config is CellConfig => config.space.name === "nas-bench-201";

function listFreeWeights(config: RunConfig): readonly Variant[] {
  const name = (generated: string) => `generated-${generated}`;
  if (isOfCells(config)) {
    return (["all", "1x1", "none"] as const).map((generated) => ({
      name: name(generated),
      config: { ...config, hypernet: { ...config.hypernet, generated } },
    }));
  }
  const banks = config;
  return (["all", "pointwise", "none"] as const).map((generated) => ({
    name: name(generated),
    config: { ...banks, hypernet: { ...banks.hypernet, generated } },
  }));
}

/** Studies that ask what a ranking is worth; the others compare HyperNets, or what they are told. */
const ofRanking: readonly StudyName[] = ["nas-bench-201", "correlation", "transfer"];

/** The score a study judges: what its configuration ranks by; where HyperNets are compared, their own part of it. */
export function judgedBy({ study, config }: Pick<StudyRequest, "study" | "config">): RankedBy {
  const { rankedBy } = config.ranking;
  return takesNaswot(rankedBy) && !ofRanking.includes(study) ? "loss" : rankedBy;
}

/** Name of the run folder of a variant's HyperNet. */
export function hypernetOf({ name, hypernet = name }: Variant): string {
  return hypernet;
}

/**
 * The configuration with a HyperNet of these multiples of its width, or growth, and of its depth; at least one feature
 * and, of every block, one layer stay.
 */
export function scaleHyperNet(
  config: RunConfig,
  { width = 1, depth = 1 }: { readonly width?: number; readonly depth?: number },
): RunConfig {
  const scaled = (count: number, scale: number) => Math.max(1, Math.round(count * scale));
  if (isOfCells(config)) {
    const { hypernet, ...rest } = config;
    const size = { width: scaled(hypernet.width, width), layers: Math.round(hypernet.layers * depth) };
    return { ...rest, hypernet: { ...hypernet, ...size } };
  }
  const { hypernet, ...rest } = config;
  const denseBlocks = hypernet.denseBlocks.map((layers) => scaled(layers, depth));
  return { ...rest, hypernet: { ...hypernet, growth: scaled(hypernet.growth, width), denseBlocks } };
}
