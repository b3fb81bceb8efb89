import { beforeAll, describe, expect, it } from "vitest";
import {
  buildCellArchitecture,
  cellAt,
  cellSiteName,
  CellSpace,
  countCost,
  listCellSites,
  parseCell,
  pruneCell,
  type CellArchitecture,
  type CellSettings,
} from "../arch/index.js";
import { Random } from "../random.js";
import {
  avgPool2d,
  batchNorm,
  conv2d,
  noGrad,
  normal,
  scope,
  setThreads,
  type Tensor,
} from "../tensor/index.js";
import { CellNetwork } from "./cell-network.js";
import { CellSearchNetwork } from "./cell-search-network.js";
import { batchStatistics } from "./statistics.js";

beforeAll(() => setThreads(1));

const space: CellSettings = {
  name: "nas-bench-201",
  channels: 8,
  cells: 2,
  sampling: "uniform",
  input: { channels: 3, size: 8 },
  classes: 5,
};
const hypernet = { width: 16, layers: 2, brick: 4, cells: 2, reductions: "residual", noise: true } as const;
const sample = (seed: number) => new CellSpace(space).sample(Random.stream(seed, "test"));
const create = (seed: number) => new CellSearchNetwork({ space, hypernet, seed });

function largestDifference(one: Tensor, other: Tensor): number {
  const scale = Math.max(one.abs().max().item(), 1e-6); // a cell that is cut off gives zeros
  return one.sub(other).abs().max().item() / scale;
}

describe("a cell network", () => {
  it.each([
    ["all of it", hypernet],
    ["one cell a stage and plain reductions", { ...hypernet, cells: 1, reductions: "shortcut" } as const],
  ])("instantiated with generated weights gives the search network's logits: %s", (_, settings) => {
    for (let seed = 0; seed < 8; seed++) {
      scope(() =>
        noGrad(() => {
          const architecture = sample(seed);
          const search = new CellSearchNetwork({ space, hypernet: settings, seed });
          for (const [name, parameter] of search.free.parameters()) {
            // Not the ones and zeros that both networks begin with.
            if (name.includes("norm")) parameter.addInPlace(normal(parameter.shape, seed), 0.3);
          }
          const images = normal([6, 3, 8, 8], seed).channelsLast();
          const generated = search.forward(architecture, { statistics: batchStatistics })(images);
          const own = search.instantiate(architecture).forward(images, { statistics: batchStatistics });
          expect(largestDifference(generated, own)).toBeLessThan(1e-5);
        }),
      );
    }
  });

  it("has the parameters, and runs the multiply-adds, that the cost says", () => {
    for (let seed = 0; seed < 20; seed++) {
      scope(() => {
        const architecture = sample(seed);
        const network = new CellNetwork(architecture, { seed });
        const parameters = [...network.parameters().values()].reduce((sum, tensor) => sum + tensor.size, 0);
        // Counted on what really runs: each weight's elements times the positions of what it gives.
        let multiplyAdds = 0;
        const source = network.source(batchStatistics);
        const sites = listCellSites(architecture);
        const sizes = new Map<number, number>();
        plainLogits(network, normal([2, 3, 8, 8], 1).channelsLast(), sizes);
        for (const [index, site] of sites.entries()) {
          const { weight } = source.weights(index);
          if (site.kind === "head") multiplyAdds += weight.size;
          // An edge that carries nothing would give what the one before it gives.
          else multiplyAdds += weight.size * (sizes.get(index) ?? sizes.get(index - 1)!);
        }
        const cost = countCost(architecture);
        expect(parameters).toBe(cost.parameters);
        expect(multiplyAdds).toBe(cost.flops);
      });
    }
  });

  it("computes the cell's sums of its edges, also where edges carry nothing", () => {
    scope(() =>
      noGrad(() => {
        for (let position = 7; position < 15_625; position += 611) {
          const architecture = buildCellArchitecture({ ...space, cells: 1 }, cellAt(position));
          const network = new CellNetwork(architecture, { seed: 1 });
          const images = normal([4, 3, 8, 8], 5).channelsLast();
          const logits = network.forward(images, { statistics: batchStatistics });
          expect(largestDifference(plainLogits(network, images), logits)).toBeLessThan(1e-5);
        }
      }),
    );
  });
});

/**
 * The network written out plainly: every edge on its own, NCHW. Notes in `sizes` the pixels that a site's convolution
 * gives, by the site's position.
 */
function plainLogits(network: CellNetwork, images: Tensor, sizes = new Map<number, number>()): Tensor {
  const { architecture } = network;
  const sites = listCellSites(architecture);
  const source = network.source(batchStatistics);
  const at = (name: string) => sites.findIndex((site) => cellSiteName(site) === name);
  const convolution = (name: string, x: Tensor, stride: 1 | 2 = 1) => {
    const { weight } = source.weights(at(name));
    const y = conv2d(x, weight, { padding: (weight.shape[2] - 1) / 2, stride });
    sizes.set(at(name), y.shape[2] * y.shape[3]);
    return y;
  };
  const normalized = (name: string, x: Tensor, stride: 1 | 2 = 1) =>
    batchNorm(convolution(name, x, stride), source.batchNorm(at(name)));
  const { cell } = architecture;
  const pruned = pruneCell(cell);
  let x = normalized("stem", images.contiguous());
  for (let stage = 0; stage < 3; stage++) {
    if (stage > 0) {
      const name = `stage${stage}.reduction`;
      const main = normalized(`${name}.second`, normalized(`${name}.first`, x.relu(), 2).relu());
      x = convolution(`${name}.shortcut`, avgPool2d(x, 2)).add(main);
    }
    for (let position = 0; position < architecture.cells; position++) {
      const nodes = [x];
      let edge = 0;
      for (let target = 1; target <= 3; target++) {
        let sum = x.mul(0);
        for (let from = 0; from < target; from++, edge++) {
          const before = nodes[from];
          const operation = cell[edge];
          if (operation === "skip_connect") sum = sum.add(before);
          else if (operation === "avg_pool_3x3") {
            const inside = avgPool2d(before.mul(0).add(1), 3, { stride: 1, padding: 1 });
            sum = sum.add(avgPool2d(before, 3, { stride: 1, padding: 1 }).mul(inside.pow(-1)));
          } else if (operation !== "none" && pruned[edge] !== "none") {
            sum = sum.add(
              normalized(`stage${stage}.cell${position}.edge${edge}.${operation}`, before.relu()),
            );
          }
        }
        nodes.push(sum);
      }
      x = nodes[3];
    }
  }
  const head = source.weights(sites.length - 1);
  const features = batchNorm(x, source.batchNorm(sites.length - 1))
    .relu()
    .mean({ dims: [2, 3] });
  return features.matmul(head.weight.transpose(0, 1)).add(head.bias!);
}

describe("the HyperNet of cells", () => {
  const architecture: CellArchitecture = buildCellArchitecture(
    space,
    parseCell("nor_conv_3x3~0|nor_conv_1x1~0+nor_conv_3x3~1|skip_connect~0+nor_conv_3x3~1+nor_conv_1x1~2"),
  );

  it("gives every convolution of every cell a weight of its shape and of norm 1", () => {
    scope(() => {
      const weights = create(1).hypernet.generate(architecture);
      const edges = listCellSites(architecture).filter(({ kind }) => kind === "edge");
      expect(edges).toHaveLength(5 * 2 * 3);
      for (const [index, weight] of weights.entries()) {
        expect(weight.shape).toEqual(edges[index].shape);
        expect(weight.norm().item()).toBeCloseTo(1, 4);
      }
    });
  });

  it("gives an edge other weights when another edge of the cell changes, but not when a dead one does", () => {
    scope(() => {
      const network = create(2);
      const first = (cell: string) =>
        network.hypernet.generate(buildCellArchitecture(space, parseCell(cell)))[0].toNumbers();
      const one = first("nor_conv_3x3~0|none~0+none~1|none~0+nor_conv_3x3~1+none~2");
      expect(first("nor_conv_3x3~0|none~0+none~1|none~0+nor_conv_1x1~1+none~2")).not.toEqual(one);
      expect(first("nor_conv_3x3~0|nor_conv_3x3~0+none~1|none~0+nor_conv_3x3~1+none~2")).toEqual(one);
    });
  });

  it("gives other weights for another noise seed, and the same for the same", () => {
    scope(() => {
      const { hypernet: generator } = create(3);
      const weights = (noiseSeed?: number) => generator.generate(architecture, { noiseSeed })[0].toNumbers();
      expect(weights(1)).toEqual(weights(1));
      expect(weights(1)).not.toEqual(weights(2));
      expect(weights()).not.toEqual(weights(1));
    });
  });

  it("may leave the 3x3 convolutions between stages out of its networks", () => {
    scope(() =>
      noGrad(() => {
        const shortcut = { ...hypernet, reductions: "shortcut" } as const;
        const network = new CellSearchNetwork({ space, hypernet: shortcut, seed: 4 });
        const names = [...network.parameters().keys()].filter((name) => name.includes("reduction"));
        expect(names).toEqual([
          "free.stage1.reduction.shortcut.weight",
          "free.stage2.reduction.shortcut.weight",
        ]);
        const images = normal([4, 3, 8, 8], 1).channelsLast();
        const logits = network.forward(architecture, { statistics: batchStatistics })(images);
        // A cell that copies its input leaves the stem, two pools with 1x1 convolutions and the head.
        const copy = buildCellArchitecture(
          space,
          parseCell("none~0|none~0+none~1|skip_connect~0+none~1+none~2"),
        );
        const copied = network.forward(copy, { statistics: batchStatistics })(images);
        const source = network.generate(network.shrink(copy), { statistics: batchStatistics });
        const stem = batchNorm(conv2d(images, source.weights(0).weight, { padding: 1 }), source.batchNorm(0));
        const half = conv2d(avgPool2d(stem, 2), source.weights(3).weight);
        const quarter = conv2d(avgPool2d(half, 2), source.weights(6).weight);
        const { weight, bias } = source.weights(7);
        const features = batchNorm(quarter, source.batchNorm(7))
          .relu()
          .mean({ dims: [2, 3] });
        const plain = features.matmul(weight.transpose(0, 1)).add(bias!);
        expect(largestDifference(plain, copied)).toBeLessThan(1e-5);
        expect(logits.isFinite).toBe(true);
      }),
    );
  });

  it("may serve networks of fewer cells a stage than the architecture has", () => {
    scope(() =>
      noGrad(() => {
        const network = new CellSearchNetwork({ space, hypernet: { ...hypernet, cells: 1 }, seed: 4 });
        expect(network.hypernet.generate(network.shrink(architecture))).toHaveLength(5 * 3);
        const images = normal([4, 3, 8, 8], 1).channelsLast();
        const logits = (cells: number) =>
          network.forward({ ...architecture, cells }, { statistics: batchStatistics })(images);
        expect(logits(2).toArray()).toEqual(logits(1).toArray());
      }),
    );
  });

  it("may leave some weights, or all, to be learned freely", () => {
    scope(() => {
      const images = normal([4, 3, 8, 8], 1).channelsLast();
      for (const [generated, count] of [
        ["all", 30],
        ["1x1", 12],
        ["none", 0],
      ] as const) {
        const network = new CellSearchNetwork({ space, hypernet: { ...hypernet, generated }, seed: 4 });
        expect(network.hypernet.generate(architecture)).toHaveLength(count);
        const free = [...network.parameters().keys()].filter((name) => /edge\d\.\w+\.weight$/.test(name));
        // Of both operations of six edges in six cells.
        expect(free).toHaveLength({ all: 0, "1x1": 36, none: 72 }[generated]);
        const logits = network.forward(architecture, { statistics: batchStatistics })(images);
        logits.sum().backward();
        expect(network.hypernet.parameters().get("input")!.grad === undefined).toBe(generated === "none");
      }
    });
  });

  it("refuses bricks that do not fit the channels", () => {
    expect(() => new CellSearchNetwork({ space, hypernet: { ...hypernet, brick: 3 }, seed: 0 })).toThrow(
      "divides",
    );
  });
});
