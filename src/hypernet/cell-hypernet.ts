/**
 * The HyperNet of the NAS-Bench-201 space: a cell -> the weights of all its convolutions in all cells of the network, in
 * one pass, W = H(c).
 *
 * Every row of the input describes one block of one weight: the whole cell (so that weights suit their neighbours), and
 * which edge, operation, stage, cell of the stage, block of outputs and block of inputs it is, and a noise z. A residual
 * MLP gives all taps of the kernel at once; `layBricks` puts them in place. Matrices are divided by their norm, as in the
 * memory-bank HyperNet, and scaled so that the signal keeps its variance.
 *
 * Limit: the kernel's taps are outputs, not inputs, so kernels are 1x1 and 3x3 only.
 */

import {
  cellEdges,
  encodeCell,
  listCellSites,
  operations,
  stageChannels,
  stageCount,
  type Cell,
  type CellArchitecture,
  type CellSettings,
  type CellSite,
  type ConvolutionOperation,
  type EdgeSite,
} from "../arch/index.js";
import { orthogonal } from "../nn/index.js";
import { Random } from "../random.js";
import type { Tensor } from "../tensor/index.js";
import { defaultDevice, cat, fromArray, linear, normal, type Device, type DType } from "../tensor/index.js";
import { layBricks } from "./bricks.js";
import type { HyperNetOptions } from "./settings.js";

/** Slope of the leaky ReLU for negative inputs. */
const slope = 0.02;

/** The size of a `CellHyperNet`. */
export interface CellHyperNetSettings {
  /** Features of a row between the layers. */
  readonly width: number;
  /** Residual blocks of two matrices each. */
  readonly layers: number;
  /** Output channels of a brick, and input channels; divides the stem's channels. */
  readonly brick: number;
  /**
   * Cells a stage of the networks that weights are generated for; a resulting network has the space's. Fewer of them make
   * a step several times cheaper, and rank the same cells.
   */
  readonly cells: number;
  /**
   * What stands between the stages of the networks that weights are generated for: the benchmark's residual block, or
   * its shortcut alone (average pool and 1x1 convolution). The block's 3x3 convolutions are learned freely, so with it a
   * network does well whatever its cells compute, and scores hardly depend on them.
   */
  readonly reductions: "residual" | "shortcut";
  /** Whether a noise z is an input of every block of a weight. */
  readonly noise: boolean;
  /**
   * Which convolutions of the cells are generated; the others are learned freely, one weight per stage, cell, edge and
   * operation, as in plain weight sharing. For experiments; default "all".
   */
  readonly generated?: "all" | "1x1" | "none";
}

const kernels: Readonly<Record<ConvolutionOperation, number>> = { nor_conv_3x3: 3, nor_conv_1x1: 1 };
const generatedOperations = ["nor_conv_3x3", "nor_conv_1x1"] as const;

/** Writes the convolutions of NAS-Bench-201 cells: position and operation in, weights out. */
export class CellHyperNet {
  readonly settings: CellHyperNetSettings;
  readonly #space: CellSettings;
  readonly #parameters = new Map<string, Tensor>();
  readonly #place: { readonly device: Device; readonly dtype: DType };

  constructor(settings: CellHyperNetSettings, space: CellSettings, options: HyperNetOptions) {
    this.settings = settings;
    this.#space = space;
    this.#place = { device: options.device ?? defaultDevice(), dtype: options.dtype ?? "float32" };
    const { width, layers, brick } = settings;
    const add = (name: string, shape: readonly number[]) => {
      const matrix = orthogonal(shape, Random.stream(options.seed, "hypernet", name).seed(), this.#place);
      this.#parameters.set(name, matrix.requireGrad());
    };
    add("input", [width, this.#features.length]);
    for (let layer = 0; layer < layers; layer++) {
      add(`layer${layer}.first`, [width, width]);
      add(`layer${layer}.second`, [width, width]);
    }
    for (const operation of generatedOperations) {
      add(`output.${operation}`, [kernels[operation] ** 2 * brick ** 2, width]);
    }
  }

  /** Trainable parameters by name. */
  parameters(): ReadonlyMap<string, Tensor> {
    return this.#parameters;
  }

  /**
   * The weights [C, C, k, k] of norm 1 of the architecture's sites for which `generates` is true, in their order.
   * Without `noiseSeed` the noise z is 0, so that scores are reproducible; with it, z ~ N(0, 1) drawn from that seed.
   */
  generate(
    architecture: CellArchitecture,
    {
      noiseSeed,
      describedAs = architecture.cell,
      encoding,
    }: {
      readonly noiseSeed?: number | undefined;
      /** Told to be the whole cell, for experiments; the sites stay the architecture's. */
      readonly describedAs?: Cell;
      /** The whole cell as a tensor [edges * operations], as `encodeCell` has it, in place of `describedAs`. */
      readonly encoding?: Tensor | undefined;
    } = {},
  ): Tensor[] {
    const sites = listCellSites(architecture).filter((site) => this.generates(site));
    const operationsUsed = generatedOperations.filter((operation) =>
      sites.some((site) => site.operation === operation),
    );
    if (operationsUsed.length === 0) return [];
    const groups = operationsUsed.map((operation) => sites.filter((site) => site.operation === operation));
    const rows = this.#describe(describedAs, groups.flat(), noiseSeed); // [rows, features]
    const features = this.#run(encoding ? this.#tellCell(rows, encoding) : rows); // [rows, width]
    const parts = features.split(
      groups.map((group) => this.#countRows(group)),
      0,
    );
    const weights = new Map<EdgeSite, Tensor>();
    for (const [index, operation] of operationsUsed.entries()) {
      // Not normalised: the norm of every weight is taken out afterwards.
      const rows = linear(parts[index], this.#parameters.get(`output.${operation}`)!);
      this.#layStages(rows, groups[index], weights);
    }
    return sites.map((site) => weights.get(site)!);
  }

  /** Weights of the sites, all of one operation and by stage, from their rows. */
  #layStages(rows: Tensor, sites: readonly EdgeSite[], weights: Map<EdgeSite, Tensor>): void {
    const stages = Array.from({ length: stageCount }, (_, stage) =>
      sites.filter((site) => site.stage === stage),
    );
    const parts = rows.split(
      stages.map((members) => this.#countRows(members)),
      0,
    );
    for (const [stage, members] of stages.entries()) {
      const layout = {
        brick: this.settings.brick,
        blocks: this.#blocks(stage),
        kernel: kernels[members[0].operation],
      };
      for (const [member, weight] of layBricks(parts[stage], layout).entries()) {
        weights.set(members[member], weight);
      }
    }
  }

  #countRows(sites: readonly EdgeSite[]): number {
    return sites.reduce((sum, { stage }) => sum + this.#blocks(stage) ** 2, 0);
  }

  /** Whether the weight of a site comes from here. */
  generates(site: CellSite): site is EdgeSite {
    const { generated = "all" } = this.settings;
    if (site.kind !== "edge" || generated === "none") return false;
    return generated === "all" || site.operation === "nor_conv_1x1";
  }

  /** Bricks along the outputs of a stage's weights. */
  #blocks(stage: number): number {
    return stageChannels(this.#space, stage) / this.settings.brick;
  }

  /** Where the one-hots of each choice begin, and how many features there are. */
  get #features() {
    const blocks = this.#blocks(stageCount - 1);
    const sizes = {
      cell: cellEdges.length * operations.length,
      edge: cellEdges.length,
      operation: generatedOperations.length,
      stage: stageCount,
      position: this.settings.cells,
      outputs: blocks,
      inputs: blocks,
      noise: this.settings.noise ? 1 : 0,
    };
    const starts = {} as Record<keyof typeof sizes, number>;
    let length = 0;
    for (const name of Object.keys(sizes) as (keyof typeof sizes)[]) {
      starts[name] = length;
      length += sizes[name];
    }
    return { ...starts, length };
  }

  /** One row a block of a weight: [rows, features]. */
  #describe(whole: Cell, sites: readonly EdgeSite[], noiseSeed: number | undefined): Tensor {
    const at = this.#features;
    const rows = this.#countRows(sites);
    const data = new Float32Array(rows * at.length);
    const cell = [...encodeCell(whole).entries()].flatMap(([feature, value]) =>
      value === 1 ? [at.cell + feature] : [],
    );
    let row = 0;
    for (const { edge, operation, stage, cell: position } of sites) {
      const blocks = this.#blocks(stage);
      const shared = [
        ...cell,
        at.edge + edge,
        at.operation + generatedOperations.indexOf(operation),
        at.stage + stage,
        at.position + position,
      ];
      for (let outputs = 0; outputs < blocks; outputs++) {
        for (let inputs = 0; inputs < blocks; inputs++, row++) {
          const start = row * at.length;
          for (const feature of shared) data[start + feature] = 1;
          data[start + at.outputs + outputs] = 1;
          data[start + at.inputs + inputs] = 1;
        }
      }
    }
    const described = fromArray(data, [rows, at.length], this.#place);
    if (!this.settings.noise || noiseSeed === undefined) return described;
    // The noise is the last feature.
    return cat([described.narrow(1, 0, at.noise), normal([rows, 1], noiseSeed, this.#place)], 1);
  }

  /** The rows with another cell: its one-hots are the first features. */
  #tellCell(rows: Tensor, cell: Tensor): Tensor {
    const [count, features] = rows.shape;
    const rest = rows.narrow(1, cell.size, features - cell.size);
    return cat([cell.reshape([1, cell.size]).expand([count, cell.size]), rest], 1);
  }

  /** [rows, features] -> [rows, width] */
  #run(input: Tensor): Tensor {
    let x = linear(input, this.#normalized("input"));
    for (let layer = 0; layer < this.settings.layers; layer++) {
      const hidden = linear(x.leakyRelu(slope), this.#normalized(`layer${layer}.first`));
      x = x.add(linear(hidden.leakyRelu(slope), this.#normalized(`layer${layer}.second`)));
    }
    return x.leakyRelu(slope);
  }

  /** A matrix [outputs, inputs] of norm sqrt(2 * outputs), which keeps variance through a ReLU. */
  #normalized(name: string): Tensor {
    const matrix = this.#parameters.get(name)!;
    return matrix.div(matrix.norm()).mul(Math.sqrt(2 * matrix.shape[0]));
  }
}
