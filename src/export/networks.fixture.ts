/** Random networks for the tests of this folder: everything the forward pass can interpret, with lived-in BatchNorms. */

import {
  validateArchitecture,
  type Architecture,
  type Convolution,
  type Layer,
  type MemoryBankArchitecture,
} from "../arch/index.js";
import { createNetwork, ResultingNetwork, type CellNetwork } from "../network/index.js";
import { Random } from "../random.js";
import { fromArray, noGrad } from "../tensor/index.js";

const positionSets = [[0], [0, 2], [0, 1], [0, 1, 2], [0, 1, 2, 3]];

/** An architecture with arrays, kernels, dilations, groups, gates, nonlinearities and bank sizes of every kind. */
export function randomArchitecture(seed: number): MemoryBankArchitecture {
  const random = Random.stream(seed, "export-test");
  const size = 8;
  const widths = [8, 12, 16];
  const architecture: MemoryBankArchitecture = {
    space: "memory-banks",
    version: 1,
    input: { channels: random.choice([1, 3]), size },
    classes: random.integer(2, 7),
    stem: { kernel: random.choice([1, 3]) },
    activationOrder: random.choice(["pre", "post"] as const),
    batchNorm: "ops",
    blocks: widths.map((inputChannels) => {
      const bankChannels = random.choice([2, 4]);
      let nonEmpty = inputChannels / bankChannels;
      const layers = Array.from({ length: random.integer(1, 4) }, () => {
        const layer = randomLayer(random, { bankChannels, nonEmpty });
        nonEmpty = Math.max(nonEmpty, layer.writes.at(-1)! + 1);
        return layer;
      });
      return { bankChannels, inputChannels, layers };
    }),
  };
  validateArchitecture(architecture);
  return architecture;
}

function randomLayer(
  random: Random,
  { bankChannels, nonEmpty }: { readonly bankChannels: number; readonly nonEmpty: number },
): Layer {
  const all = Array.from({ length: nonEmpty }, (_, bank) => bank);
  const outputBanks = random.integer(1, 3);
  const writeCount = random.integer(outputBanks, outputBanks + 2);
  const filled = random.subset(all, Math.min(random.integer(0, writeCount), nonEmpty));
  const empty = Array.from({ length: writeCount - filled.length }, (_, index) => nonEmpty + index);
  const units = outputBanks * bankChannels;
  const bottleneck = 2 * random.integer(1, 4);
  const positions = random.choice(positionSets);
  const convolutions = positions.map((position): Convolution => {
    const inputs = position % 2 === 0 ? bottleneck : units;
    const kernel = [random.choice([1, 3, 5]), random.choice([1, 3])] as const;
    return {
      position,
      kernel,
      dilation: [random.integer(1, 3), random.integer(1, 2)],
      groups: random.choice([1, 2].filter((groups) => inputs % groups === 0 && units % groups === 0)),
      activation: random.choice(["relu", "tanh", "sigmoid"] as const),
    };
  });
  return {
    reads: random.subset(all, random.integer(1, nonEmpty)),
    writes: [...filled, ...empty],
    units,
    bottleneck,
    convolutions,
    gates: positions.includes(2) ? random.subset([0, 1], random.integer(0, 2)) : [],
  };
}

/** A network with BatchNorms as after training; some scales are negative unless `positive`. */
export function livedInNetwork(
  architecture: Architecture,
  { seed, positive = false }: { readonly seed: number; readonly positive?: boolean },
): ResultingNetwork | CellNetwork {
  const random = Random.stream(seed, "lived-in");
  const normalization = random.choice(["standard", "smash"] as const);
  const network =
    architecture.space === "memory-banks"
      ? new ResultingNetwork(architecture, { seed, normalization })
      : createNetwork(architecture, { seed });
  noGrad(() => {
    for (const [name, tensor] of [...network.parameters(), ...network.buffers()]) {
      const draw = drawOf(name);
      if (!draw) continue;
      const values = Float32Array.from({ length: tensor.size }, () => draw(random, positive));
      const source = fromArray(values, tensor.shape);
      tensor.copyFrom(source);
      source.dispose();
    }
  });
  return network;
}

function drawOf(name: string): ((random: Random, positive: boolean) => number) | undefined {
  if (name.endsWith("norm.weight")) {
    return (random, positive) => random.uniform(0.2, 1.5) * (positive || random.bernoulli(0.95) ? 1 : -1);
  }
  if (name.endsWith(".variance")) return (random) => random.uniform(0.2, 2);
  return name.endsWith(".bias") || name.endsWith(".mean") ? (random) => random.uniform(-0.5, 0.5) : undefined;
}
