/** A search space, as training, ranking and searching see it. */

import type { Random } from "../random.js";
import type { Architecture } from "./any-architecture.js";
import type { CellSettings } from "./nas-bench-201/cell-settings.js";
import type { PerturbOptions } from "./perturb.js";
import type { MemoryBankSettings } from "./space.js";

/** The settings of either search space. */
export type SpaceSettings = MemoryBankSettings | CellSettings;

/** A place in the HyperNet's training. */
export interface TrainingStep {
  readonly seed: number;
  /** 0 … steps - 1. */
  readonly step: number;
  readonly steps: number;
}

/** A set of architectures to search in. Pure: everything random comes from the `Random` given. */
export interface SearchSpace {
  readonly settings: SpaceSettings;
  /** Any architecture of the space. */
  sample(random: Random): Architecture;
  /** The architecture that a step of the HyperNet's training runs: a function of its arguments alone. */
  sampleForStep(step: TrainingStep): Architecture;
  /** A valid architecture that differs a little. Throws a SmashError ("architecture") for one of another space. */
  perturb(architecture: Architecture, random: Random, options?: PerturbOptions): Architecture;
}
