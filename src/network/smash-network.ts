/**
 * A SMASH network: a HyperNet and the freely learned weights, which together give any architecture of one space its
 * weights (SMASH section 3).
 */

import {
  encodeArchitecture,
  encodingLayout,
  listSites,
  type Architecture,
  type SpaceSettings,
} from "../arch/index.js";
import { HyperNet, type HyperNetSettings } from "../hypernet/index.js";
import { joinNamed, type NamedTensors } from "../nn/index.js";
import type { Device, DType } from "../tensor/index.js";
import { FreeWeights } from "./free-weights.js";
import { GeneratedSource } from "./generated-source.js";
import type { BatchNormStatistics } from "./statistics.js";
import type { WeightSource } from "./weight-source.js";

export interface SmashNetworkOptions {
  readonly space: SpaceSettings;
  readonly hypernet: HyperNetSettings;
  readonly seed: number;
  readonly device?: Device;
  readonly dtype?: DType;
}

export interface GenerateOptions {
  readonly statistics: BatchNormStatistics;
  /** Seed of the noise z; without it z = 0. */
  readonly noiseSeed?: number | undefined;
}

export class SmashNetwork {
  readonly space: SpaceSettings;
  readonly hypernet: HyperNet;
  readonly free: FreeWeights;

  constructor({ space, hypernet, ...options }: SmashNetworkOptions) {
    const { channels, columnChannels } = encodingLayout(space);
    this.space = space;
    this.free = new FreeWeights(space, options);
    this.hypernet = new HyperNet(
      hypernet,
      { channels, columnInputs: columnChannels, rowOutputs: space.baseChannels * space.bottleneck },
      options,
    );
  }

  /** Generates the weights of an architecture: one pass of the HyperNet. */
  generate(architecture: Architecture, { statistics, noiseSeed }: GenerateOptions): WeightSource {
    const shapes = listSites(architecture)
      .filter((site) => site.kind === "pointwise")
      .map(({ shape: [outputs, inputs] }) => ({ outputs, inputs }));
    const pointwise = this.hypernet.generate(encodeArchitecture(architecture, this.space), shapes, {
      noiseSeed,
    });
    return new GeneratedSource(architecture, pointwise, { free: this.free, statistics });
  }

  /** Everything trainable. */
  parameters(): NamedTensors {
    return joinNamed({ hypernet: this.hypernet.parameters(), free: this.free.parameters() });
  }

  /** Running statistics. */
  buffers(): NamedTensors {
    return joinNamed({ free: this.free.buffers() });
  }
}
