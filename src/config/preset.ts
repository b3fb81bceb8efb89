/** What a preset is. */

import type { SearchSettings } from "../network/index.js";
import type { PresetSettings } from "./run-config.js";

/** Spaces are for CIFAR-sized images and 10 classes; a run replaces both by its data set's. */
export type Preset = PresetSettings &
  SearchSettings & {
    readonly name: string;
    readonly summary: string;
    /** Parameters of the network that the paper found in this space. */
    readonly paperParameters?: number;
  };

export const cifarInput = { input: { channels: 3, size: 32 }, classes: 10 } as const;

/** Adam as in the author's code: betas .5 and .999, epsilon 1e-4. */
export const authorsAdam = { beta1: 0.5, epsilon: 1e-4 } as const;
