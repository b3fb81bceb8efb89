/**
 * The one forward pass: interprets an architecture with weights from any source (SMASH sections 3.1 and 3.2).
 *
 * Walks `listSites` in its order, so that what is built, counted and run cannot differ. Everything is channels-last;
 * banks are ranges of one buffer per block.
 */

import {
  listSites,
  nonEmptyBanks,
  type Block,
  type Layer,
  type MemoryBankArchitecture,
  type Site,
} from "../arch/index.js";
import {
  avgPool2d,
  BankBuffer,
  globalAvgPool2d,
  linear,
  sameConv2d,
  type DType,
  type Tensor,
} from "../tensor/index.js";
import type { WeightSource } from "./weight-source.js";

export interface RunOptions {
  /** Is shown what every activation function gives, [N, C, H, W], in the order of the network. */
  readonly onActivation?: ((activated: Tensor) => void) | undefined;
  /** Type in which activations and convolutions are computed; weights are cast to it. Default: the weights' own. */
  readonly computeType?: DType | undefined;
}

type Activation = Layer["convolutions"][number]["activation"];

/** Images [N, C, size, size], channels-last -> logits [N, classes]. */
export function runNetwork(
  architecture: MemoryBankArchitecture,
  source: WeightSource,
  images: Tensor,
  options: RunOptions = {},
): Tensor {
  return new Interpreter(architecture, source, options).run(images);
}

class Interpreter {
  readonly #architecture: MemoryBankArchitecture;
  readonly #source: WeightSource;
  readonly #options: RunOptions;
  readonly #sites: readonly Site[];
  /** Sites before this one have run. */
  #cursor = 0;

  constructor(architecture: MemoryBankArchitecture, source: WeightSource, options: RunOptions) {
    this.#architecture = architecture;
    this.#source = source;
    this.#options = options;
    this.#sites = listSites(architecture);
  }

  run(images: Tensor): Tensor {
    let x = this.#convolve(this.#cursor++, this.#cast(images)); // [N, C0, S, S]
    for (const block of this.#architecture.blocks) {
      const site = this.#runBlock(block, x);
      x = this.#show(this.#source.normalize(site.index, site.input).reluInPlace());
      if (this.#sites[site.index].kind === "transition") x = avgPool2d(this.#convolve(site.index, x), 2);
    }
    const { weight, bias } = this.#source.weights(this.#sites.length - 1);
    return linear(globalAvgPool2d(x).to({ dtype: weight.dtype }), weight, bias); // [N, classes]
  }

  /** Runs the layers; gives the following transition or head, and its input: all non-empty banks. */
  #runBlock(block: Block, input: Tensor): { readonly index: number; readonly input: Tensor } {
    const banks = new BankBuffer(input, nonEmptyBanks(block) * block.bankChannels, block.bankChannels);
    for (const layer of block.layers) this.#runLayer(layer, banks);
    return { index: this.#cursor++, input: banks.readAll() };
  }

  #runLayer(layer: Layer, banks: BankBuffer): void {
    const hidden = this.#readBanks(layer, banks); // [N, bottleneck, S, S]
    const sites = new Map(layer.convolutions.map(({ position }) => [position, this.#cursor++]));
    const run = (position: number, x: Tensor) => {
      const site = sites.get(position);
      return site === undefined ? x : this.#activateAndConvolve(site, x, activationAt(layer, position));
    };
    if (layer.gates.length > 0 || !this.#isPre) {
      banks.write(joinPaths(layer, hidden, run), layer.writes);
      return;
    }
    // Banks add: the sum of the paths need not be made, nor what a path's last convolution gives.
    for (const path of activePaths(layer)) {
      const last = path[path.length - 1];
      const input = path.slice(0, -1).reduce((x, position) => run(position, x), hidden);
      this.#writeBanks(layer, last, { site: sites.get(last)!, input, banks });
    }
  }

  /** The banks the layer reads, through its 1x1 convolution. */
  #readBanks(layer: Layer, banks: BankBuffer): Tensor {
    const pointwise = this.#cursor++;
    // Pre-activation without a BatchNorm in between: ReLU and convolution happen while the banks are read.
    if (this.#isPre && !this.#hasBatchNorm(pointwise) && !this.#isShown) {
      return banks.readConv(layer.reads, this.#cast(this.#source.weights(pointwise).weight));
    }
    return this.#activateAndConvolve(pointwise, banks.read(layer.reads), "relu");
  }

  /** Pre-activation and convolution at `position`, added to the banks the layer writes. */
  #writeBanks(
    layer: Layer,
    position: number,
    { site, input, banks }: { readonly site: number; readonly input: Tensor; readonly banks: BankBuffer },
  ): void {
    const { dilation, groups } = this.#convolutionAt(site);
    const activation = activationAt(layer, position);
    const normalized = this.#normalize(site, input);
    const isFused = activation === "relu" && !this.#isShown;
    const x = isFused ? normalized : this.#show(activate(normalized, activation));
    const weight = this.#cast(this.#source.weights(site).weight);
    banks.writeConv(x, weight, { banks: layer.writes, dilation, groups, relu: isFused });
  }

  get #isPre(): boolean {
    return this.#architecture.activationOrder === "pre";
  }

  #hasBatchNorm(index: number): boolean {
    return this.#source.hasBatchNorm(this.#sites[index]);
  }

  #normalize(index: number, x: Tensor): Tensor {
    return this.#hasBatchNorm(index) ? this.#source.normalize(index, x) : x;
  }

  /** BatchNorm (where there is one), activation, convolution; or convolution first, with "post" order. */
  #activateAndConvolve(index: number, x: Tensor, activation: Activation): Tensor {
    if (!this.#isPre) {
      return this.#show(activate(this.#normalize(index, this.#convolve(index, x)), activation));
    }
    const normalized = this.#normalize(index, x);
    if (activation === "relu" && !this.#isShown) return this.#convolve(index, normalized, { relu: true });
    return this.#convolve(index, this.#show(activate(normalized, activation)));
  }

  #convolve(index: number, x: Tensor, { relu = false } = {}): Tensor {
    const { dilation, groups } = this.#convolutionAt(index);
    return sameConv2d(x, this.#cast(this.#source.weights(index).weight), { dilation, groups, relu });
  }

  #convolutionAt(index: number) {
    const site = this.#sites[index];
    if (site.kind === "head") throw new TypeError("the head is not a convolution");
    return site;
  }

  /** A ReLU inside a convolution costs no pass of its own, but cannot be shown. */
  get #isShown(): boolean {
    return this.#options.onActivation !== undefined;
  }

  #show(activated: Tensor): Tensor {
    this.#options.onActivation?.(activated);
    return activated;
  }

  #cast(x: Tensor): Tensor {
    const { computeType } = this.#options;
    return computeType === undefined ? x : x.to({ dtype: computeType });
  }
}

function activate(x: Tensor, activation: Activation): Tensor {
  switch (activation) {
    case "relu":
      return x.relu();
    case "tanh":
      return x.tanh();
    case "sigmoid":
      return x.sigmoid();
  }
}

function activationAt(layer: Layer, position: number): Activation {
  return layer.convolutions.find((convolution) => convolution.position === position)!.activation;
}

/** Positions of the active convolutions, path by path. */
function activePaths({ convolutions }: Layer): readonly (readonly number[])[] {
  const isActive = (position: number) => convolutions.some((candidate) => candidate.position === position);
  return [
    [0, 1],
    [2, 3],
  ]
    .map((path) => path.filter(isActive))
    .filter((path) => path.length > 0);
}

/** The 2x2 array as one tensor: [N, bottleneck, S, S] -> [N, units, S, S] */
function joinPaths(layer: Layer, hidden: Tensor, run: (position: number, x: Tensor) => Tensor): Tensor {
  let first = run(0, hidden);
  if (activePaths(layer).length === 1) return run(1, first);
  let second = run(2, hidden);
  if (layer.gates.includes(0)) first = second = gate(first, second);
  const [left, right] = [run(1, first), run(3, second)];
  return layer.gates.includes(1) ? gate(left, right) : left.add(right);
}

/** Joins two paths multiplicatively (SMASH section 3.2, after gated PixelCNN). */
function gate(left: Tensor, right: Tensor): Tensor {
  return left.tanh().mul(right.sigmoid());
}
