/**
 * The freely learned weights of a SMASH network: stem, shared convolutions, transitions, head and their BatchNorms
 * (SMASH section 3.2). Held at the largest size of the space; every architecture uses slices: the first filters, the
 * first channels. One set of convolutions per block is shared by all its layers.
 */

import {
  blockLimits,
  listSites,
  type MemoryBankArchitecture,
  type MemoryBankSettings,
  type Site,
} from "../arch/index.js";
import { orthogonal } from "../nn/index.js";
import { Random } from "../random.js";
import type { Tensor } from "../tensor/index.js";
import { ones, sliceWeights, zeros, type Device, type DType } from "../tensor/index.js";

export interface FreeWeightsOptions {
  readonly seed: number;
  readonly device?: Device;
  readonly dtype?: DType;
}

/** Name of the tensor a site's weight is cut from; undefined for generated weights. */
function tensorName(site: Site): string | undefined {
  switch (site.kind) {
    case "stem":
      return "stem.weight";
    case "pointwise":
      return undefined;
    case "convolution":
      return `block${site.block}.convolution${site.position}.weight`;
    case "transition":
      return `transition${site.block}.weight`;
    case "head":
      return "head.weight";
  }
}

export class FreeWeights {
  readonly #parameters = new Map<string, Tensor>();
  readonly #buffers = new Map<string, Tensor>();

  constructor(settings: MemoryBankSettings, { seed, device = "cpu", dtype = "float32" }: FreeWeightsOptions) {
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
    const { input, stemKernel, kernel, maxUnits, bottleneck, classes } = settings;
    const limits = blockLimits(settings);
    add("stem.weight", [limits[0].inputChannels, input.channels, stemKernel, stemKernel]);
    for (const [block, { maxChannels }] of limits.entries()) {
      add(`block${block}.convolution0.weight`, [maxUnits, bottleneck * maxUnits, kernel, kernel]);
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
      const name = tensorName(site);
      if (name !== undefined) users.set(name, [...(users.get(name) ?? []), index]);
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

  /** The BatchNorm tensors of a transition or head, cut to its channels; running statistics are views. */
  batchNorm(site: Site): Record<"weight" | "bias" | "mean" | "variance", Tensor> {
    const name = site.kind === "transition" ? `transition${site.block}.norm` : "head.norm";
    const cut = (tensor: Tensor | undefined) => tensor!.narrow(0, 0, site.normalizedChannels!);
    return {
      weight: cut(this.#parameters.get(`${name}.weight`)),
      bias: cut(this.#parameters.get(`${name}.bias`)),
      mean: cut(this.#buffers.get(`${name}.mean`)),
      variance: cut(this.#buffers.get(`${name}.variance`)),
    };
  }
}
