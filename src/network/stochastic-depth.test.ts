import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import {
  cellEdges,
  cellSiteName,
  createSpace,
  listCellSites,
  listSites,
  pruneCell,
  type Architecture,
  type SpaceSettings,
} from "../arch/index.js";
import { Random } from "../random.js";
import { crossEntropy, fromArray, noGrad, normal, scope, setThreads, type Tensor } from "../tensor/index.js";
import { createNetwork } from "./create-network.js";
import { siteName } from "./resulting-network.js";
import { batchStatistics } from "./statistics.js";
import { drawEdgeScales, drawScale, dropProbability } from "./stochastic-depth.js";

beforeAll(() => setThreads(1));

const input = { channels: 3, size: 8 };
const banks = {
  ...{ baseChannels: 4, maxUnits: 16, depthCompression: 2, depth: 2, width: 1, bottleneck: 2 },
  ...{ kernel: 3, maxDilation: 2, stemKernel: 3, input, classes: 5 },
} as const;
const cells = {
  name: "nas-bench-201",
  channels: 4,
  cells: 2,
  sampling: "uniform",
  input,
  classes: 5,
} as const;
const spaces: readonly (readonly [string, SpaceSettings])[] = [
  ["memory banks", banks],
  ["memory banks with arrays of convolutions", { ...banks, convolutions: "array" }],
  ["NAS-Bench-201 cells", cells],
];
/** Cells without average pools, which have no weights to compare with. */
function sample(space: SpaceSettings, seed: number): Architecture {
  const architecture = createSpace(space).sample(Random.stream(seed, "test"));
  if (architecture.space !== "nas-bench-201") return architecture;
  const cell = architecture.cell.map((name) => (name === "avg_pool_3x3" ? "nor_conv_1x1" : name));
  return { ...architecture, cell };
}
const images = () => normal([4, 3, 8, 8], 1).channelsLast();
const labels = () => fromArray(BigInt64Array.from([0n, 1n, 2n, 3n]), [4]);

function largestDifference(one: Tensor, other: Tensor): number {
  return one.sub(other).abs().max().item() / Math.max(1e-6, one.abs().max().item());
}

describe("probabilities", () => {
  it("rise linearly to the one that was asked for, at the last layer", () => {
    expect([0, 1, 2, 3].map((layer) => dropProbability(0.4, layer, 4))).toEqual([
      0.1, 0.2, 0.30000000000000004, 0.4,
    ]);
  });

  it("and scales make up for each other: a layer's mean factor is 1", () => {
    const random = Random.stream(1);
    const scales = Array.from({ length: 20_000 }, () => drawScale(random, 0.3));
    expect(new Set(scales)).toEqual(new Set([0, 1 / 0.7]));
    expect(scales.reduce((sum, scale) => sum + scale, 0) / scales.length).toBeCloseTo(1, 1);
  });

  it("in any cell every edge's mean factor is 1, and every node keeps an input", () => {
    fc.assert(
      fc.property(fc.nat(), fc.double({ min: 0.05, max: 0.9, noNaN: true }), (seed, dropped) => {
        const architecture = sample(cells, seed);
        if (architecture.space !== "nas-bench-201") throw new TypeError("not a cell");
        const cell = pruneCell(architecture.cell);
        const random = Random.stream(seed, "scales");
        const draws = 4_000;
        const sums = cell.map(() => 0);
        for (let draw = 0; draw < draws; draw++) {
          const scales = drawEdgeScales(cell, random, dropped);
          for (const [index, scale] of scales.entries()) sums[index] += scale;
          for (const target of [1, 2, 3]) {
            const inputs = cellEdges.flatMap((edge, index) =>
              edge.target === target && cell[index] !== "none" ? [index] : [],
            );
            if (inputs.length > 0) expect(inputs.some((index) => scales[index] > 0)).toBe(true);
          }
        }
        // Standard deviation of the mean: at most 3 / sqrt(draws).
        for (const sum of sums) expect(Math.abs(sum / draws - 1)).toBeLessThan(0.25);
      }),
      { numRuns: 15 },
    );
  });
});

describe.each(spaces)("in %s", (_, space) => {
  /** Logits by the batch's statistics, with layers left out or not. */
  function logits(architecture: Architecture, probability?: number, seed = 1): Tensor {
    const network = createNetwork(architecture, { seed: 2 });
    const stochasticDepth =
      probability === undefined ? undefined : { probability, random: Random.stream(seed, "depth") };
    return network.forward(images(), { statistics: batchStatistics, stochasticDepth });
  }

  it("probability 0 is the network without it, bit for bit", () => {
    for (let seed = 0; seed < 4; seed++) {
      scope(() => {
        const architecture = sample(space, seed);
        expect(logits(architecture, 0).toArray()).toEqual(logits(architecture).toArray());
      });
    }
  });

  it("a step is the whole network with what layers contribute scaled, or set to 0", () => {
    let different = 0;
    for (let seed = 0; seed < 6; seed++) {
      scope(() =>
        noGrad(() => {
          const architecture = sample(space, seed);
          const expected = scaledByHand(architecture, 0.6, seed);
          const left = logits(architecture, 0.6, seed);
          expect(largestDifference(expected, left)).toBeLessThan(1e-4);
          if (largestDifference(logits(architecture), left) > 1e-3) different++;
        }),
      );
    }
    expect(different).toBeGreaterThan(2);
  });

  it("layers left out have no gradient, all others a finite one, and every layer is trained sooner or later", () => {
    const architecture = sample(space, 3);
    const network = createNetwork(architecture, { seed: 2 });
    const all = network.parameters();
    const reached = new Set<string>();
    let without = 0;
    for (let step = 0; step < 25; step++) {
      scope(() => {
        const stochasticDepth = { probability: 0.6, random: Random.stream(step, "depth") };
        const output = network.forward(images(), { statistics: batchStatistics, stochasticDepth });
        crossEntropy(output, labels()).backward();
        for (const [name, parameter] of all) {
          const { grad } = parameter;
          if (grad) reached.add(name);
          else without++;
          expect(grad?.isFinite ?? true).toBe(true);
          grad?.fill(0);
        }
      });
      if (step === 0) expect(reached.size).toBeGreaterThan(0);
    }
    expect(reached.size).toBe(all.size);
    expect(without).toBeGreaterThan(0);
  });
});

/** The whole network's logits after its weights were changed as the draws of the seed say. */
function scaledByHand(architecture: Architecture, probability: number, seed: number): Tensor {
  const network = createNetwork(architecture, { seed: 2 });
  const random = Random.stream(seed, "depth");
  const scale = (name: string, factor: number) => network.parameters().get(name)!.mulInPlace(factor);
  if (architecture.space === "nas-bench-201") {
    const cell = pruneCell(architecture.cell);
    const count = 3 * architecture.cells;
    const sites = listCellSites(architecture);
    for (let index = 0; index < count; index++) {
      const scales = drawEdgeScales(cell, random, dropProbability(probability, index, count));
      for (const site of sites) {
        if (site.kind !== "edge" || site.stage * architecture.cells + site.cell !== index) continue;
        // An edge's convolution ends in a BatchNorm.
        for (const part of ["weight", "bias"]) scale(`${cellSiteName(site)}.norm.${part}`, scales[site.edge]);
      }
    }
  } else {
    const layers = architecture.blocks.flatMap(({ layers }, block) =>
      layers.map((_, layer) => ({ block, layer })),
    );
    for (const [index, { block, layer }] of layers.entries()) {
      const factor = drawScale(random, dropProbability(probability, index, layers.length));
      for (const site of listSites(architecture)) {
        const isHere = site.kind === "convolution" && site.block === block && site.layer === layer;
        if (!isHere) continue;
        const positions = architecture.blocks[block].layers[layer].convolutions.map(
          ({ position }) => position,
        );
        // Only the last convolution of each path writes.
        const isLast = site.position % 2 === 1 || !positions.includes(site.position + 1);
        if (isLast) scale(`${siteName(site)}.weight`, factor);
      }
    }
  }
  return network.forward(images(), { statistics: batchStatistics });
}
