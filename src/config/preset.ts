/** What a preset is. */

import type { SpaceSettings } from "../arch/index.js";
import type { RunSettings } from "./run-config.js";

export interface Preset extends Omit<RunSettings, "space"> {
  readonly name: string;
  readonly summary: string;
  /** For CIFAR-sized images and 10 classes; a run replaces both by its data set's. */
  readonly space: SpaceSettings;
  /** Parameters of the network that the paper found in this space. */
  readonly paperParameters?: number;
}

export const cifarInput = { input: { channels: 3, size: 32 }, classes: 10 } as const;
