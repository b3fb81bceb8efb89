/** The HyperNets that a study compares. */

import type { RunConfig } from "../config/index.js";
import { SmashError } from "../errors.js";
import type { StudyRequest } from "./request.js";

export interface Variant {
  /** In measurements and figures. */
  readonly name: string;
  /** Run folder of its HyperNet. Default: its name. */
  readonly hypernet?: string;
  /** Whether the HyperNet is told of another architecture than the one whose weights it generates. */
  readonly isCorrupted?: boolean;
  readonly config: RunConfig;
}

export function listVariants(request: StudyRequest): readonly Variant[] {
  const { study, config, seeds, run } = request;
  const variants: readonly Variant[] = {
    "nas-bench-201": () => [{ name: "hypernet", config }],
    correlation: () => [{ name: "hypernet", config }],
    // SMASH section 5.1: the score should be best with the right encoding.
    corrupt: () => [
      { name: "right", hypernet: "hypernet", config },
      { name: "corrupted", hypernet: "hypernet", config, isCorrupted: true },
    ],
    gradient: () => [{ name: "hypernet", config }],
    // SMASH section 5: a much smaller HyperNet breaks the correlation.
    crippled: () => [
      { name: "whole", config },
      { name: "crippled", config: scaleHyperNet(config, 1 / 16) },
    ],
    // SMASH section 5: the more weights are learned freely, the lower the loss and the less it says.
    "free-weights": () =>
      (["all", "1x1", "none"] as const).map((generated) => ({
        name: `generated-${generated}`,
        config: withGenerated(config, generated),
      })),
    transfer: () => [{ name: "hypernet", config }],
    capacity: () =>
      [1, 1 / 2, 1 / 4, 1 / 8, 1 / 16].map((scale) => ({
        name: `width-${Math.round(1 / scale)}`,
        config: scaleHyperNet(config, scale),
      })),
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

type CellConfig = Extract<RunConfig, { hypernet: { width: number } }>;

function withGenerated(config: RunConfig, generated: CellConfig["hypernet"]["generated"]): RunConfig {
  if (config.space.name === "nas-bench-201") {
    const cells = config as CellConfig;
    return { ...cells, hypernet: { ...cells.hypernet, generated } };
  }
  throw new SmashError("usage", {
    rule: "The study free-weights is one of the NAS-Bench-201 space.",
    found: `the space ${config.space.name}.`,
    fix: "use --preset nas-bench-201.",
  });
}

/** Name of the run folder of a variant's HyperNet. */
export function hypernetOf({ name, hypernet = name }: Variant): string {
  return hypernet;
}

/** The configuration with a HyperNet of this share of the width, or growth; at least one layer and feature stay. */
export function scaleHyperNet(config: RunConfig, scale: number): RunConfig {
  const scaled = (count: number) => Math.max(1, Math.round(count * scale));
  if (config.space.name === "nas-bench-201") {
    const { hypernet, ...rest } = config as CellConfig;
    return { ...rest, hypernet: { ...hypernet, width: scaled(hypernet.width) } };
  }
  const { hypernet, ...rest } = config as Extract<RunConfig, { hypernet: { growth: number } }>;
  return { ...rest, hypernet: { ...hypernet, growth: scaled(hypernet.growth) } };
}
