/** A trained network of the NAS-Bench-201 space as a graph: the same walk over `listCellSites` as `runCells`. */

import {
  cellEdges,
  cellSiteName,
  listCellSites,
  outputNode,
  pruneCell,
  stageCount,
  type Cell,
  type CellArchitecture,
  type CellSite,
} from "../arch/index.js";
import type { CellNetwork } from "../network/index.js";
import { activate, add, affine, averagePool, convolve, globalAveragePool, type Value } from "./graph.js";
import { exportable, type ExportableNetwork } from "./network-graph.js";
import { TrainedTensors } from "./trained-tensors.js";

/** A trained network of cells, ready for export. */
export function cellNetwork(network: CellNetwork): ExportableNetwork {
  return exportable(network, (images) => new CellGraphWalk(network).run(images));
}

class CellGraphWalk {
  readonly #architecture: CellArchitecture;
  readonly #tensors: TrainedTensors;
  readonly #sites: readonly CellSite[];
  readonly #cell: Cell;
  /** Sites before this one are written. */
  #cursor = 0;

  constructor(network: CellNetwork) {
    this.#architecture = network.architecture;
    this.#tensors = new TrainedTensors(network);
    this.#sites = listCellSites(network.architecture);
    this.#cell = pruneCell(network.architecture.cell);
  }

  run(images: Value): Value {
    let x = this.#convolve(images);
    for (let stage = 0; stage < stageCount; stage++) {
      if (stage > 0) x = this.#reduce(x);
      for (let cell = 0; cell < this.#architecture.cells; cell++) {
        x = this.#runCell(x, `stage${stage}.cell${cell}`);
      }
    }
    const head = cellSiteName(this.#sites[this.#cursor]);
    const features = activate(this.#tensors.normalize(head, x), "relu");
    return this.#tensors.linear(head, globalAveragePool(features));
  }

  #runCell(input: Value, name: string): Value {
    const nodes: (Value | undefined)[] = [input];
    // Edges from one node share its ReLU.
    const activated = new Map<number, Value>();
    for (const [index, { source, target }] of cellEdges.entries()) {
      const operation = this.#cell[index];
      if (operation === "none") continue;
      const before = nodes[source]!;
      let value = before;
      if (operation === "avg_pool_3x3") {
        value = averagePool(before, { kernel: 3, stride: 1, padding: 1, countsPadding: false });
      } else if (operation !== "skip_connect") {
        const relu = activated.get(source) ?? activate(before, "relu");
        activated.set(source, relu);
        value = this.#convolve(relu);
      }
      const sum = nodes[target];
      nodes[target] = sum === undefined ? value : add(sum, value);
    }
    return nodes[outputNode] ?? zeros(input, name);
  }

  /** The residual block of stride 2. */
  #reduce(x: Value): Value {
    const first = this.#convolve(activate(x, "relu"));
    const main = this.#convolve(activate(first, "relu"));
    return add(this.#convolve(averagePool(x, { kernel: 2 })), main);
  }

  /** The next site's convolution, and its BatchNorm where it has one. */
  #convolve(x: Value): Value {
    const site = this.#sites[this.#cursor++];
    if (site.kind === "head") throw new TypeError("the head is not a convolution");
    const name = cellSiteName(site);
    const around = (site.shape[2] - 1) / 2;
    const convolution = convolve(x, {
      name,
      weights: this.#tensors.weights(name),
      padding: [around, around],
      stride: [site.stride, site.stride],
    });
    return this.#tensors.normalize(name, convolution);
  }
}

/** What a cell gives whose output no edge reaches. */
function zeros(input: Value, name: string): Value {
  const none = new Float64Array(input.channels);
  return affine(input, { name: `${name}.nothing`, scale: none, shift: none });
}
