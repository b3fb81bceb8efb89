/**
 * A SMASH network: a HyperNet and the freely learned weights, which together give any architecture of one space its
 * weights (SMASH section 3).
 */

import {
  encodeArchitecture,
  encodingLayout,
  completeSettings,
  listSites,
  MemoryBankSpace,
  positionChoices,
  type Architecture,
  type MemoryBankArchitecture,
  type MemoryBankSettings,
} from "../arch/index.js";
import {
  HyperNet,
  type GeneratedSite,
  type HyperNetOutput,
  type HyperNetSettings,
} from "../hypernet/index.js";
import { joinNamed, type NamedTensors } from "../nn/index.js";
import { adoptWeights } from "./adopt-weights.js";
import { FreeWeights } from "./free-weights.js";
import { GeneratedSource } from "./generated-source.js";
import type { NetworkOptions } from "./network-options.js";
import { ResultingNetwork, siteName } from "./resulting-network.js";
import { runNetwork } from "./run-network.js";
import type { Forward, ForwardOptions, GenerateOptions, SearchNetwork } from "./search-network.js";
import { batchStatistics } from "./statistics.js";
import type { WeightSource } from "./weight-source.js";

/** What a `SmashNetwork` is made from. */
export interface SmashNetworkOptions extends NetworkOptions {
  readonly space: MemoryBankSettings;
  readonly hypernet: HyperNetSettings;
}

/** HyperNet and shared weights for every architecture of a memory-bank space (SMASH section 3.2). */
export class SmashNetwork implements SearchNetwork {
  readonly space: MemoryBankSpace;
  readonly hypernet: HyperNet;
  readonly free: FreeWeights;
  readonly #options: NetworkOptions;

  constructor({ space, hypernet, ...options }: SmashNetworkOptions) {
    this.#options = options;
    const { channels, columnChannels } = encodingLayout(space);
    this.space = new MemoryBankSpace(space);
    this.free = new FreeWeights(space, { ...options, ...hypernet });
    this.hypernet = new HyperNet(
      hypernet,
      { channels, columnInputs: columnChannels, outputs: listOutputs(space, hypernet) },
      options,
    );
  }

  /** Generates the weights of an architecture: one pass of the HyperNet. */
  generate(architecture: MemoryBankArchitecture, options: ForwardOptions): WeightSource {
    const { statistics, noiseSeed, describedAs = architecture, encoding } = options;
    if (describedAs.space !== "memory-banks") throw new TypeError("a description of another space");
    const sites = listGenerated(architecture, this.hypernet.settings);
    const generated =
      sites.length === 0
        ? []
        : this.hypernet.generate(encodeArchitecture(describedAs, this.space.settings), sites, {
            noiseSeed,
            encoding,
          });
    return new GeneratedSource(architecture, generated, { free: this.free, statistics });
  }

  forward(architecture: Architecture, options: ForwardOptions): Forward {
    if (architecture.space !== "memory-banks") throw new TypeError("an architecture of another space");
    const source = this.generate(architecture, options);
    return (images) => runNetwork(architecture, source, images, options);
  }

  instantiate(architecture: Architecture, options: GenerateOptions = {}): ResultingNetwork {
    if (architecture.space !== "memory-banks") throw new TypeError("an architecture of another space");
    const network = new ResultingNetwork(architecture, { ...this.#options, normalization: "smash" });
    adoptWeights(network.parameters(), listSites(architecture).map(siteName), () =>
      this.generate(architecture, { ...options, statistics: batchStatistics }),
    );
    return network;
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

const pointwiseOutput = "output";
const convolutionOutput = (position: number) => `convolution${position}`;

/** What the HyperNet writes; it has the output of the 1x1 convolutions also where it writes nothing. */
function listOutputs(space: MemoryBankSettings, { generated }: HyperNetSettings): HyperNetOutput[] {
  const complete = completeSettings(space);
  const { baseChannels, bottleneck, maxKernel } = complete;
  const pointwise = { name: pointwiseOutput, rowOutputs: baseChannels * bottleneck, kernel: 1 };
  if (generated !== "all") return [pointwise];
  const convolutions = positionChoices(complete).map((position) => ({
    name: convolutionOutput(position),
    rowOutputs: baseChannels,
    kernel: maxKernel,
  }));
  return [pointwise, ...convolutions];
}

/** The generated weights of an architecture, in the order of its sites. */
function listGenerated(
  architecture: MemoryBankArchitecture,
  { generated = "pointwise" }: HyperNetSettings,
): GeneratedSite[] {
  if (generated === "none") return [];
  let layer = -1;
  return listSites(architecture).flatMap((site) => {
    if (site.kind === "pointwise") return { output: pointwiseOutput, layer: ++layer, shape: site.shape };
    if (site.kind !== "convolution" || generated === "pointwise") return [];
    return { output: convolutionOutput(site.position), layer, shape: site.shape };
  });
}
