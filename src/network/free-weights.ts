/**
 * The freely learned weights of a SMASH network: stem, shared convolutions, transitions, head and their BatchNorms
 * (SMASH section 3.2). Held at the largest size of the space; every architecture uses slices: the first filters, the
 * first channels, the centre of the kernel. One set of convolutions per block, or per block and dilation, is shared by
 * all its layers, and so are their BatchNorms where the space has any inside ops.
 */

import {
  blockLimits,
  completeSettings,
  dilationPairs,
  listSites,
  positionChoices,
  type MemoryBankArchitecture,
  type MemoryBankSettings,
  type Site,
} from "../arch/index.js";
import type { HyperNetSettings } from "../hypernet/index.js";
import { orthogonal } from "../nn/index.js";
import { Random } from "../random.js";
import type { Tensor } from "../tensor/index.js";
import { defaultDevice, ones, sliceWeights, zeros } from "../tensor/index.js";
import type { NetworkOptions } from "./network-options.js";

/** What the HyperNet leaves to them, and how layers share it. */
export interface FreeWeightsOptions extends NetworkOptions, Pick<HyperNetSettings, "generated" | "shared"> {}

/** What a site's tensors are named after: those of a block's layers are shared. */
function sharedName(site: Site, shared: HyperNetSettings["shared"]): string {
  switch (site.kind) {
    case "stem":
    case "head":
      return site.kind;
    case "pointwise":
      return `block${site.block}.pointwise`;
    case "convolution":
      return convolutionName(site, shared === "dilation" ? site.dilation : undefined);
    case "transition":
      return `transition${site.block}`;
  }
}

function convolutionName(
  { block, position }: { readonly block: number; readonly position: number },
  dilation: readonly [number, number] | undefined,
): string {
  return `block${block}.convolution${position}${dilation ? `.dilation${dilation.join("x")}` : ""}`;
}

/** The weights that are learned freely and shared by all architectures: everything the HyperNet does not write (SMASH section 3.2). */
export class FreeWeights {
  readonly #parameters = new Map<string, Tensor>();
  readonly #buffers = new Map<string, Tensor>();
  readonly #shared: HyperNetSettings["shared"];

  constructor(
    settings: MemoryBankSettings,
    {
      seed,
      generated = "pointwise",
      shared,
      device = defaultDevice(),
      dtype = "float32",
    }: FreeWeightsOptions,
  ) {
    this.#shared = shared;
    const place = { device, dtype };
    const add = (name: string, shape: readonly number[]) => {
      const weight = orthogonal(shape, Random.stream(seed, "free-weights", name).seed(), place);
      this.#parameters.set(name, weight.requireGrad());
    };
    const addBatchNorm = (name: string, channels: number) => {
      this.#parameters.set(`${name}.weight`, ones([channels], place).requireGrad());
      this.#parameters.set(`${name}.bias`, zeros([channels], place).requireGrad());
      this.#buffers.set(`${name}.mean`, zeros([channels], place));
      this.#buffers.set(`${name}.variance`, ones([channels], place));
    };
    const complete = completeSettings(settings);
    const { input, stemKernel, maxKernel, maxUnits, classes, activationOrder } = complete;
    const maxHidden = Math.min(complete.bottleneck, complete.maxBottleneck) * maxUnits;
    const limits = blockLimits(settings);
    const hasOpNorms = complete.batchNorm === "ops";
    const isPre = activationOrder === "pre";
    add("stem.weight", [limits[0].inputChannels, input.channels, stemKernel, stemKernel]);
    for (const [block, { maxChannels }] of limits.entries()) {
      if (generated === "none") add(`block${block}.pointwise.weight`, [maxHidden, maxChannels, 1, 1]);
      if (hasOpNorms) addBatchNorm(`block${block}.pointwise.norm`, isPre ? maxChannels : maxHidden);
      for (const position of positionChoices(complete)) {
        const inputs = position % 2 === 0 ? maxHidden : maxUnits;
        for (const dilation of shared === "dilation" ? dilationPairs(complete) : [undefined]) {
          const name = convolutionName({ block, position }, dilation);
          if (generated !== "all") add(`${name}.weight`, [maxUnits, inputs, maxKernel, maxKernel]);
          if (hasOpNorms) addBatchNorm(`${name}.norm`, isPre ? inputs : maxUnits);
        }
      }
      const next = limits.at(block + 1);
      if (next) {
        add(`transition${block}.weight`, [next.inputChannels, maxChannels, 1, 1]);
        addBatchNorm(`transition${block}.norm`, maxChannels);
      } else {
        add("head.weight", [classes, maxChannels]);
        this.#parameters.set("head.bias", zeros([classes], place).requireGrad());
        addBatchNorm("head.norm", maxChannels);
      }
    }
  }

  /** Trainable tensors by name, at their largest size. */
  parameters(): ReadonlyMap<string, Tensor> {
    return this.#parameters;
  }

  /** Running statistics of the BatchNorms, gathered over random architectures. */
  buffers(): ReadonlyMap<string, Tensor> {
    return this.#buffers;
  }

  /** The freely learned weights of an architecture by site index; undefined at generated ones. */
  slice(architecture: MemoryBankArchitecture): (Tensor | undefined)[] {
    const sites = listSites(architecture);
    const result: (Tensor | undefined)[] = sites.map(() => undefined);
    // All slices of one tensor come from one graph node, so that its gradient is filled and summed once.
    const users = new Map<string, number[]>();
    for (const [index, site] of sites.entries()) {
      const name = `${sharedName(site, this.#shared)}.weight`;
      if (!this.#parameters.has(name)) continue;
      users.set(name, [...(users.get(name) ?? []), index]);
    }
    for (const [name, indices] of users) {
      const weight = this.#parameters.get(name)!;
      if (weight.shape.length === 2) {
        result[indices[0]] = weight.narrow(1, 0, sites[indices[0]].shape[1]);
        continue;
      }
      const slices = sliceWeights(
        weight,
        indices.map((index) => sites[index].shape),
      );
      for (const [position, index] of indices.entries()) result[index] = slices[position];
    }
    return result;
  }

  get headBias(): Tensor {
    return this.#parameters.get("head.bias")!;
  }

  /** The BatchNorm tensors of a site, cut to its channels; running statistics are views. */
  batchNorm(site: Site): Record<"weight" | "bias" | "mean" | "variance", Tensor> {
    const name = `${sharedName(site, this.#shared)}.norm`;
    const cut = (tensor: Tensor | undefined) => tensor!.narrow(0, 0, site.normalizedChannels!);
    return {
      weight: cut(this.#parameters.get(`${name}.weight`)),
      bias: cut(this.#parameters.get(`${name}.bias`)),
      mean: cut(this.#buffers.get(`${name}.mean`)),
      variance: cut(this.#buffers.get(`${name}.variance`)),
    };
  }
}
