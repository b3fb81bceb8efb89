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
  batchNorm,
  globalAvgPool2d,
  linear,
  normReluPool2d,
  sameConv2d,
  type DType,
  type LayerStep,
  type Tensor,
} from "../tensor/index.js";
import { drawScale, dropProbability, type StochasticDepth } from "./stochastic-depth.js";
import type { WeightSource } from "./weight-source.js";

/** How a forward pass runs. */
export interface RunOptions {
  /** Is shown what every activation function gives, [N, C, H, W], in the order of the network. */
  readonly onActivation?: ((activated: Tensor) => void) | undefined;
  /** Type in which activations and convolutions are computed. Default: the weights' own. */
  readonly computeType?: DType | undefined;
  /** Leaves out layers. Default: none. */
  readonly stochasticDepth?: StochasticDepth | undefined;
}

type Activation = Layer["convolutions"][number]["activation"];

/** Runs an architecture of memory banks: images [N, C, size, size], channels-last -> logits [N, classes]. */
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
  /** On a processor, bfloat16 is for the factors of convolutions alone: everything else is bound by memory or small. */
  readonly #bfloat16: boolean;
  readonly #layers: number;
  /** Sites before this one have run. */
  #cursor = 0;
  /** Layers before this one have run. */
  #layer = 0;

  constructor(architecture: MemoryBankArchitecture, source: WeightSource, options: RunOptions) {
    this.#architecture = architecture;
    this.#source = source;
    this.#options = options;
    this.#sites = listSites(architecture);
    this.#bfloat16 = options.computeType === "bfloat16" && source.weights(0).weight.device === "cpu";
    this.#layers = architecture.blocks.reduce((sum, { layers }) => sum + layers.length, 0);
  }

  run(images: Tensor): Tensor {
    const { computeType } = this.#options;
    // Whatever follows computes in the type of its input.
    let x = computeType === undefined || this.#bfloat16 ? images : images.to({ dtype: computeType }); // [N, C, S, S]
    for (const block of this.#architecture.blocks) {
      // The stem, or the convolution of the transition before. That one and a mean over pixels commute: after the
      // pool it costs a quarter.
      const banks = this.#runBlock(block, x, this.#cursor++);
      const pool = this.#sites[this.#cursor].kind === "transition" ? 2 : "global";
      const norm = this.#source.batchNorm(this.#cursor);
      x = this.#isShown
        ? average(this.#show(banks.normReluPool(norm, 1)), pool)
        : banks.normReluPool(norm, pool);
    }
    const { weight, bias } = this.#source.weights(this.#sites.length - 1);
    const pooled = x.reshape(x.shape.slice(0, 2)).to({ dtype: weight.dtype }); // [N, C]
    return linear(pooled, weight, bias); // [N, classes]
  }

  /** The convolution at `entry` fills the first banks, then the layers run. */
  #runBlock(block: Block, input: Tensor, entry: number): BankBuffer {
    const { bankChannels, inputChannels } = block;
    const banks = new BankBuffer(input, nonEmptyBanks(block) * bankChannels, bankChannels);
    const { dilation, groups } = this.#convolutionAt(entry);
    const first = Array.from({ length: inputChannels / bankChannels }, (_, bank) => bank);
    banks.writeConv(input, this.#source.weights(entry).weight, {
      banks: first,
      dilation,
      groups,
      bfloat16: this.#bfloat16,
    });
    let steps: LayerStep[] = [];
    const runSteps = () => {
      if (steps.length > 0) banks.runLayers(steps, { bfloat16: this.#bfloat16 });
      steps = [];
    };
    for (const layer of block.layers) {
      if (this.#isPlain(layer, banks)) {
        steps.push(...this.#layerSteps(layer));
      } else {
        runSteps();
        this.#runLayer(layer, banks);
      }
    }
    runSteps();
    return banks;
  }

  /** Whether the next layer is nothing but BatchNorms, ReLUs and convolutions, and only its result is wanted. */
  #isPlain({ gates, convolutions }: Layer, { dtype, device }: BankBuffer): boolean {
    if (device !== "cpu" || dtype !== "float32") return false;
    if (!this.#isPre || this.#isShown || this.#options.stochasticDepth) return false;
    return gates.length === 0 && convolutions.every(({ activation }) => activation === "relu");
  }

  /** Tensors between the steps of a layer: what its 1x1 convolution gives, and what leads from one convolution of a path to the next. */
  #layerSteps(layer: Layer): LayerStep[] {
    const step = (from: LayerStep["from"], to: LayerStep["to"], site = this.#cursor++): LayerStep => {
      const { dilation, groups } = this.#convolutionAt(site);
      const norm = this.#hasBatchNorm(site) ? this.#source.batchNorm(site) : undefined;
      return { norm, weight: this.#source.weights(site).weight, dilation, groups, from, to };
    };
    const [hidden, between] = [0, 1];
    const first = step(layer.reads, hidden);
    const sites = new Map(layer.convolutions.map(({ position }) => [position, this.#cursor++]));
    const paths = activePaths(layer).map((path) =>
      path.map((position, index) =>
        step(
          index === 0 ? hidden : between,
          index === path.length - 1 ? layer.writes : between,
          sites.get(position),
        ),
      ),
    );
    return [first, ...paths.flat()];
  }

  #runLayer(layer: Layer, banks: BankBuffer): void {
    const scale = this.#drawScale();
    if (scale === 0) {
      this.#cursor += 1 + layer.convolutions.length;
      banks.fillEmpty(layer.writes);
      return;
    }
    const hidden = this.#readBanks(layer, banks); // [N, bottleneck, S, S]
    const sites = new Map(layer.convolutions.map(({ position }) => [position, this.#cursor++]));
    const run = (position: number, x: Tensor) => {
      const site = sites.get(position);
      return site === undefined ? x : this.#activateAndConvolve(site, x, activationAt(layer, position));
    };
    if (layer.gates.length > 0 || !this.#isPre) {
      const value = joinPaths(layer, hidden, run);
      banks.write(scale === 1 ? value : value.mul(scale), layer.writes);
      return;
    }
    // Banks add: the sum of the paths need not be made, nor what a path's last convolution gives.
    for (const path of activePaths(layer)) {
      const last = path[path.length - 1];
      const input = path.slice(0, -1).reduce((x, position) => run(position, x), hidden);
      this.#writeBanks(layer, last, { site: sites.get(last)!, input, banks, scale });
    }
  }

  /** Factor of what the next layer contributes. */
  #drawScale(): number {
    const { stochasticDepth } = this.#options;
    const layer = this.#layer++;
    if (!stochasticDepth) return 1;
    const { probability, random } = stochasticDepth;
    return drawScale(random, dropProbability(probability, layer, this.#layers));
  }

  /** The banks the layer reads, through its 1x1 convolution. */
  #readBanks(layer: Layer, banks: BankBuffer): Tensor {
    const pointwise = this.#cursor++;
    // Pre-activation without a BatchNorm in between: ReLU while the banks are read.
    const relu = this.#isPre && this.#isBare(pointwise);
    const x = banks.read(layer.reads, { relu });
    return relu ? this.#convolve(pointwise, x) : this.#activateAndConvolve(pointwise, x, "relu");
  }

  /** Pre-activation and convolution at `position`, added to the banks the layer writes. */
  #writeBanks(
    layer: Layer,
    position: number,
    {
      site,
      input,
      banks,
      scale,
    }: { readonly site: number; readonly input: Tensor; readonly banks: BankBuffer; readonly scale: number },
  ): void {
    const { dilation, groups } = this.#convolutionAt(site);
    const activation = activationAt(layer, position);
    const { x, relu } = this.#activated(site, input, activation);
    const { weight } = this.#source.weights(site);
    // Scaling the weight scales what is written, and costs next to nothing.
    banks.writeConv(x, scale === 1 ? weight : weight.mul(scale), {
      banks: layer.writes,
      dilation,
      groups,
      relu,
      bfloat16: this.#bfloat16,
    });
  }

  get #isPre(): boolean {
    return this.#architecture.activationOrder === "pre";
  }

  #hasBatchNorm(index: number): boolean {
    return this.#source.hasBatchNorm(this.#sites[index]);
  }

  /** Whether an activation is all that stands before this site's convolution, and nobody looks at it. */
  #isBare(index: number): boolean {
    return !this.#hasBatchNorm(index) && !this.#isShown;
  }

  #normalize(index: number, x: Tensor): Tensor {
    return this.#hasBatchNorm(index) ? batchNorm(x, this.#source.batchNorm(index)) : x;
  }

  /** BatchNorm (where there is one) and activation; a ReLU alone is left to the convolution. */
  #activated(
    index: number,
    x: Tensor,
    activation: Activation,
  ): { readonly x: Tensor; readonly relu: boolean } {
    const isRelu = activation === "relu";
    if (isRelu && this.#isBare(index)) return { x, relu: true };
    const activated =
      isRelu && this.#hasBatchNorm(index)
        ? normReluPool2d(x, this.#source.batchNorm(index), 1)
        : activate(this.#normalize(index, x), activation);
    return { x: this.#show(activated), relu: false };
  }

  /** BatchNorm (where there is one), activation, convolution; or convolution first, with "post" order. */
  #activateAndConvolve(index: number, x: Tensor, activation: Activation): Tensor {
    if (!this.#isPre) {
      return this.#show(activate(this.#normalize(index, this.#convolve(index, x)), activation));
    }
    const activated = this.#activated(index, x, activation);
    return this.#convolve(index, activated.x, activated);
  }

  #convolve(index: number, x: Tensor, { relu = false } = {}): Tensor {
    const { dilation, groups } = this.#convolutionAt(index);
    return sameConv2d(x, this.#source.weights(index).weight, {
      ...{ dilation, groups, relu },
      bfloat16: this.#bfloat16,
    });
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
}

/** [N, C, H, W] -> [N, C, H / pool, W / pool] */
function average(x: Tensor, pool: number | "global"): Tensor {
  if (pool !== "global") return avgPool2d(x, pool);
  return globalAvgPool2d(x).reshape([...x.shape.slice(0, 2), 1, 1]);
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
