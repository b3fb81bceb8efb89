/** The memory-bank space, version 1 (SMASH section 5). */

import { Random } from "../random.js";
import type { Architecture } from "./any-architecture.js";
import type { Architecture as MemoryBankArchitecture } from "./architecture.js";
import { checkSpaceSettings } from "./check-space.js";
import { invalid } from "./invalid.js";
import { perturbArchitecture, type PerturbOptions } from "./perturb.js";
import { sampleArchitecture } from "./sample.js";
import type { SearchSpace, TrainingStep } from "./search-space.js";
import type { SpaceSettings as MemoryBankSettings } from "./space.js";

export class MemoryBankSpace implements SearchSpace {
  readonly settings: MemoryBankSettings;

  /** Throws a SmashError ("config") for settings that cannot be sampled. */
  constructor(settings: MemoryBankSettings) {
    checkSpaceSettings(settings);
    this.settings = settings;
  }

  sample(random: Random): MemoryBankArchitecture {
    return sampleArchitecture(this.settings, random);
  }

  /** The largest budget fraction is annealed from .5 to 1 over the first half (SMASH appendix). */
  sampleForStep({ seed, step, steps }: TrainingStep): MemoryBankArchitecture {
    const progress = Math.min(1, step / (steps / 2));
    const random = Random.stream(seed, "hypernet-architecture", step);
    return sampleArchitecture(this.settings, random, { budgetFraction: 0.5 + 0.5 * progress });
  }

  perturb(architecture: Architecture, random: Random, options?: PerturbOptions): MemoryBankArchitecture {
    if (architecture.space === "memory-banks") {
      return perturbArchitecture(architecture, this.settings, random, options);
    }
    throw invalid("space", {
      rule: 'is "memory-banks" in this space.',
      found: `"${architecture.space}".`,
      fix: "use the settings this architecture was made with.",
    });
  }
}
