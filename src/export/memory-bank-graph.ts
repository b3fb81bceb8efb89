/**
 * A resulting network of the memory-bank space as a graph: the same walk over `listSites` as `runNetwork`.
 *
 * A bank is a range of channels of some value, never a value of its own: reading is one join of ranges, writing one sum
 * over all banks written, however many there are.
 */

import { listSites, type Block, type Layer, type Site } from "../arch/index.js";
import { siteName, type ResultingNetwork } from "../network/index.js";
import {
  activate,
  add,
  averagePool,
  convolve,
  globalAveragePool,
  join,
  multiply,
  type Activation,
  type ChannelRange,
  type Value,
} from "./graph.js";
import { exportable, type ExportableNetwork } from "./network-graph.js";
import { TrainedTensors } from "./trained-tensors.js";

/** A trained network of memory banks, ready for export. */
export function memoryBankNetwork(network: ResultingNetwork): ExportableNetwork {
  return exportable(network, (images) => new GraphWalk(network).run(images));
}

class GraphWalk {
  readonly #blocks: readonly Block[];
  readonly #tensors: TrainedTensors;
  readonly #sites: readonly Site[];
  readonly #isPre: boolean;
  /** Sites before this one are written. */
  #cursor = 0;

  constructor(network: ResultingNetwork) {
    this.#blocks = network.architecture.blocks;
    this.#tensors = new TrainedTensors(network);
    this.#sites = listSites(network.architecture);
    this.#isPre = network.architecture.activationOrder === "pre";
  }

  run(images: Value): Value {
    let x = this.#convolve(this.#cursor++, images);
    for (const block of this.#blocks) {
      const banks = this.#runBlock(block, x);
      const index = this.#cursor++;
      x = activate(this.#normalize(index, banks), "relu");
      if (this.#sites[index].kind === "transition") x = averagePool(this.#convolve(index, x), { kernel: 2 });
    }
    const name = siteName(this.#sites[this.#sites.length - 1]);
    return this.#tensors.linear(name, globalAveragePool(x));
  }

  #runBlock(block: Block, input: Value): Value {
    const banks = new Banks(input, block.bankChannels);
    for (const layer of block.layers) {
      const hidden = this.#activateAndConvolve(this.#cursor++, banks.read(layer.reads), "relu");
      banks.write(this.#runConvolutions(layer, hidden), layer.writes);
    }
    return banks.readAll();
  }

  /** The 2x2 array. */
  #runConvolutions(layer: Layer, hidden: Value): Value {
    const sites = new Map(layer.convolutions.map(({ position }) => [position, this.#cursor++]));
    const run = (position: number, x: Value) => {
      const site = sites.get(position);
      if (site === undefined) return x;
      const convolution = layer.convolutions.find((candidate) => candidate.position === position)!;
      return this.#activateAndConvolve(site, x, convolution.activation);
    };
    let first = run(0, hidden);
    if (!sites.has(2)) return run(1, first);
    let second = run(2, hidden);
    if (layer.gates.includes(0)) first = second = gate(first, second);
    const [left, right] = [run(1, first), run(3, second)];
    return layer.gates.includes(1) ? gate(left, right) : add(left, right);
  }

  #activateAndConvolve(index: number, x: Value, activation: Activation["activation"]): Value {
    return this.#isPre
      ? this.#convolve(index, activate(this.#normalize(index, x), activation))
      : activate(this.#normalize(index, this.#convolve(index, x)), activation);
  }

  #normalize(index: number, x: Value): Value {
    return this.#tensors.normalize(siteName(this.#sites[index]), x);
  }

  #convolve(index: number, x: Value): Value {
    const site = this.#sites[index];
    if (site.kind === "head") throw new TypeError("the head is not a convolution");
    const name = siteName(site);
    const [, , height, width] = site.shape;
    const [vertical, horizontal] = site.dilation;
    const padding = [(vertical * (height - 1)) / 2, (horizontal * (width - 1)) / 2] as const;
    const { dilation, groups } = site;
    return convolve(x, { name, weights: this.#tensors.weights(name), padding, dilation, groups });
  }
}

function gate(left: Value, right: Value): Value {
  return multiply(activate(left, "tanh"), activate(right, "sigmoid"));
}

/** The non-empty banks of a block, each a range of `bankChannels` channels. */
class Banks {
  readonly #ranges: ChannelRange[];
  readonly #bankChannels: number;

  constructor(input: Value, bankChannels: number) {
    this.#bankChannels = bankChannels;
    this.#ranges = this.#slice(input);
  }

  read(banks: readonly number[]): Value {
    return join(banks.map((bank) => this.#ranges[bank]));
  }

  readAll(): Value {
    return join(this.#ranges);
  }

  /** Adds to non-empty banks and sets empty ones; the value's slices are reused cyclically. */
  write(value: Value, banks: readonly number[]): void {
    const slices = this.#slice(value);
    const news = banks.map((_, index) => slices[index % slices.length]);
    // Ascending, and empty banks are filled in order: the non-empty ones come first.
    const filled = banks.filter((bank) => bank < this.#ranges.length);
    const sums =
      filled.length > 0 ? this.#slice(add(this.read(filled), join(news.slice(0, filled.length)))) : [];
    for (const [index, bank] of banks.entries()) this.#ranges[bank] = sums.at(index) ?? news[index];
  }

  #slice(value: Value): ChannelRange[] {
    const count = this.#bankChannels;
    return Array.from({ length: value.channels / count }, (_, bank) => ({
      value,
      start: bank * count,
      count,
    }));
  }
}
