/** The memory-bank space (SMASH sections 3 to 5). */

import { SmashError } from "../errors.js";
import { Random } from "../random.js";
import { annealedOptions } from "./anneal.js";
import type { Architecture } from "./any-architecture.js";
import type { MemoryBankArchitecture } from "./architecture.js";
import { checkSpaceSettings } from "./check-space.js";
import { ofOtherSpace } from "./invalid.js";
import { perturbArchitecture, type PerturbOptions } from "./perturb.js";
import { sampleArchitecture } from "./sample.js";
import type { SearchSpace, SpaceSettings, TrainingStep } from "./search-space.js";
import type { MemoryBankSettings } from "./space.js";

/** Settings of a memory-bank space. Throws a SmashError ("config") for those of another one, naming `what` needs it. */
export function requireMemoryBanks(settings: SpaceSettings, what: string): MemoryBankSettings {
  if (settings.name !== "nas-bench-201") return settings;
  throw new SmashError("config", {
    rule: `${what} needs a memory-bank space.`,
    found: `the space ${settings.name}.`,
    fix: "choose a preset of another space, such as small.",
  });
}

/** The paper's space as a `SearchSpace` (SMASH sections 3.1 and 3.2). */
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

  /** Budget and kernels grow over the first half (SMASH appendix). */
  sampleForStep({ seed, step, steps }: TrainingStep): MemoryBankArchitecture {
    const random = Random.stream(seed, "hypernet-architecture", step);
    return sampleArchitecture(this.settings, random, annealedOptions(this.settings, step / steps));
  }

  perturb(architecture: Architecture, random: Random, options?: PerturbOptions): MemoryBankArchitecture {
    if (architecture.space === "memory-banks") {
      return perturbArchitecture(architecture, this.settings, random, options);
    }
    throw ofOtherSpace("memory-banks", architecture);
  }
}
