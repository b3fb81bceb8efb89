/**
 * A SMASH network: a HyperNet and the freely learned weights, which together give any architecture of one space its
 * weights (SMASH section 3).
 */

import {
  encodeArchitecture,
  encodingLayout,
  listSites,
  MemoryBankSpace,
  type Architecture,
  type MemoryBankArchitecture,
  type MemoryBankSettings,
} from "../arch/index.js";
import { HyperNet, type HyperNetSettings } from "../hypernet/index.js";
import { joinNamed, type NamedTensors } from "../nn/index.js";
import type { Device, DType } from "../tensor/index.js";
import { FreeWeights } from "./free-weights.js";
import { GeneratedSource } from "./generated-source.js";
import { runNetwork } from "./run-network.js";
import type { Forward, ForwardOptions, SearchNetwork } from "./search-network.js";
import type { WeightSource } from "./weight-source.js";

/** What a `SmashNetwork` is made from. */
export interface SmashNetworkOptions {
  readonly space: MemoryBankSettings;
  readonly hypernet: HyperNetSettings;
  readonly seed: number;
  readonly device?: Device;
  readonly dtype?: DType;
}

/** HyperNet and shared weights for every architecture of a memory-bank space (SMASH section 3.2). */
export class SmashNetwork implements SearchNetwork {
  readonly space: MemoryBankSpace;
  readonly hypernet: HyperNet;
  readonly free: FreeWeights;

  constructor({ space, hypernet, ...options }: SmashNetworkOptions) {
    const { channels, columnChannels } = encodingLayout(space);
    this.space = new MemoryBankSpace(space);
    const { generated, shared } = hypernet;
    this.free = new FreeWeights(space, { ...options, shared, pointwise: generated === "none" });
    this.hypernet = new HyperNet(
      hypernet,
      { channels, columnInputs: columnChannels, rowOutputs: space.baseChannels * space.bottleneck },
      options,
    );
  }

  /** Generates the weights of an architecture: one pass of the HyperNet. */
  generate(architecture: MemoryBankArchitecture, options: ForwardOptions): WeightSource {
    const { statistics, noiseSeed, describedAs = architecture, encoding } = options;
    if (describedAs.space !== "memory-banks") throw new TypeError("a description of another space");
    if (this.hypernet.settings.generated === "none") {
      return new GeneratedSource(architecture, [], { free: this.free, statistics });
    }
    const shapes = listSites(architecture)
      .filter((site) => site.kind === "pointwise")
      .map(({ shape: [outputs, inputs] }) => ({ outputs, inputs }));
    const pointwise = this.hypernet.generate(encodeArchitecture(describedAs, this.space.settings), shapes, {
      noiseSeed,
      encoding,
    });
    return new GeneratedSource(architecture, pointwise, { free: this.free, statistics });
  }

  forward(architecture: Architecture, options: ForwardOptions): Forward {
    if (architecture.space !== "memory-banks") throw new TypeError("an architecture of another space");
    const source = this.generate(architecture, options);
    return (images) => runNetwork(architecture, source, images, options);
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
