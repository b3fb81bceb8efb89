/**
 * The one forward pass of the NAS-Bench-201 space: interprets an architecture with weights from any source, walking
 * `listCellSites` in its order. Everything is channels-last. Edges that carry nothing to the output are not computed.
 *
 * Its few shapes are met in every step, so `conv2d` is faster here than `sameConv2d`, which is for shapes never seen
 * before (88 against 104 ms of processor time a step).
 */

import {
  cellEdges,
  listCellSites,
  outputNode,
  pruneCell,
  stageCount,
  type Cell,
  type CellArchitecture,
  type CellSite,
} from "../arch/index.js";
import {
  avgPool2d,
  batchNorm,
  conv2d,
  globalAvgPool2d,
  linear,
  normReluPool2d,
  zeros,
  type Tensor,
} from "../tensor/index.js";
import type { RunOptions } from "./run-network.js";
import { drawEdgeScales, dropProbability } from "./stochastic-depth.js";
import type { SiteWeights } from "./weight-source.js";

export interface CellRunOptions extends RunOptions {
  /** "shortcut" leaves out the 3x3 convolutions of the residual blocks between stages. Default "residual". */
  readonly reductions?: "residual" | "shortcut";
}

/** Runs a network of cells: images [N, C, size, size], channels-last -> logits [N, classes]. */
export function runCells(
  architecture: CellArchitecture,
  source: SiteWeights,
  images: Tensor,
  options: CellRunOptions = {},
): Tensor {
  return new CellInterpreter(architecture, source, options).run(images);
}

class CellInterpreter {
  readonly #architecture: CellArchitecture;
  readonly #source: SiteWeights;
  readonly #options: CellRunOptions;
  readonly #sites: readonly CellSite[];
  readonly #cell: Cell;
  /** Sites before this one have run. */
  #cursor = 0;

  constructor(architecture: CellArchitecture, source: SiteWeights, options: CellRunOptions) {
    this.#architecture = architecture;
    this.#source = source;
    this.#options = options;
    this.#sites = listCellSites(architecture);
    this.#cell = pruneCell(architecture.cell);
  }

  run(images: Tensor): Tensor {
    let x = this.#convolve(this.#cast(images)); // [N, C0, S, S]
    for (let stage = 0; stage < stageCount; stage++) {
      if (stage > 0) x = this.#reduce(x); // [N, 2C, S/2, S/2]
      for (let cell = 0; cell < this.#architecture.cells; cell++)
        x = this.#runCell(x, this.#drawScales(stage, cell));
    }
    const head = this.#cursor;
    const { weight, bias } = this.#source.weights(head);
    const features = this.#activated(normReluPool2d(x, this.#source.batchNorm(head), 1));
    return linear(globalAvgPool2d(features).to({ dtype: weight.dtype }), weight, bias); // [N, classes]
  }

  /** Factors of what the edges contribute; undefined: all whole. */
  #drawScales(stage: number, cell: number): readonly number[] | undefined {
    const { stochasticDepth } = this.#options;
    if (!stochasticDepth) return undefined;
    const { cells } = this.#architecture;
    const { probability, random } = stochasticDepth;
    const dropped = dropProbability(probability, stage * cells + cell, stageCount * cells);
    return drawEdgeScales(this.#cell, random, dropped);
  }

  /** [N, C, S, S] -> the same shape */
  #runCell(input: Tensor, scales?: readonly number[]): Tensor {
    const nodes: (Tensor | undefined)[] = [input];
    // Edges from one node share its ReLU.
    const activated = new Map<number, Tensor>();
    const activate = (node: number) => {
      const known = activated.get(node) ?? this.#relu(nodes[node]!);
      activated.set(node, known);
      return known;
    };
    const made: Tensor[] = [];
    for (const [index, { source, target }] of cellEdges.entries()) {
      const operation = this.#cell[index];
      if (operation === "none") continue;
      const scale = scales?.[index] ?? 1;
      if (scale === 0) {
        if (operation !== "avg_pool_3x3") this.#cursor++;
        continue;
      }
      const before = nodes[source]!;
      const whole =
        operation === "skip_connect"
          ? before
          : operation === "avg_pool_3x3"
            ? avgPool2d(before, 3, { stride: 1, padding: 1, countPadding: false })
            : this.#convolve(activate(source));
      if (whole !== before) made.push(whole);
      const value = scale === 1 ? whole : whole.mul(scale);
      if (value !== whole) made.push(value);
      const sum = nodes[target];
      nodes[target] = sum === undefined ? value : sum.add(value);
      if (sum !== undefined) made.push(nodes[target]);
    }
    const output = nodes[outputNode] ?? zerosLike(input);
    // Memory that the backward pass does not need is used again by the next cell.
    for (const tensor of [...made, ...activated.values()]) if (tensor !== output) tensor.dispose();
    return output;
  }

  /** The residual block of stride 2: [N, C, S, S] -> [N, 2C, S/2, S/2] */
  #reduce(x: Tensor): Tensor {
    if (this.#options.reductions === "shortcut") {
      this.#cursor += 2;
      return this.#convolve(avgPool2d(x, 2));
    }
    const main = this.#convolve(this.#relu(this.#convolve(this.#relu(x))));
    return this.#convolve(avgPool2d(x, 2)).add(main);
  }

  /** The next site's convolution, and its BatchNorm where it has one. */
  #convolve(x: Tensor): Tensor {
    const index = this.#cursor++;
    const site = this.#sites[index];
    if (site.kind === "head") throw new TypeError("the head is not a convolution");
    const weight = this.#cast(this.#source.weights(index).weight);
    const y = conv2d(x, weight, { stride: site.stride, padding: (site.shape[2] - 1) / 2 });
    if (site.normalizedChannels === undefined) return y;
    const normalized = batchNorm(y, this.#source.batchNorm(index));
    y.dispose();
    return normalized;
  }

  #relu(x: Tensor): Tensor {
    return this.#activated(x.relu());
  }

  #activated(x: Tensor): Tensor {
    this.#options.onActivation?.(x);
    return x;
  }

  #cast(x: Tensor): Tensor {
    const { computeType } = this.#options;
    return computeType === undefined ? x : x.to({ dtype: computeType });
  }
}

function zerosLike({ shape, dtype, device }: Tensor): Tensor {
  return zeros(shape, { dtype, device }).channelsLast();
}
