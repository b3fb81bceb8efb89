/** What every space's search network and resulting network must hold. */

import { beforeAll, describe, expect, it } from "vitest";
import { corruptArchitecture, countCost, createSpace, pruneCell } from "../arch/index.js";
import { small } from "../arch/small-space.fixture.js";
import { Random } from "../random.js";
import { crossEntropy, eye, fromArray, noGrad, normal, scope, setThreads } from "../tensor/index.js";
import { createNetwork, createSearchNetwork, type SearchSettings } from "./create-network.js";
import { batchStatistics, trainingStatistics } from "./statistics.js";

beforeAll(() => setThreads(1));

const input = { channels: 3, size: 8 };
const spaces: readonly (readonly [string, string, SearchSettings])[] = [
  [
    "memory-banks",
    "version 1",
    {
      space: small,
      hypernet: { denseBlocks: [2, 2], growth: 4, weightNorm: "he" },
    },
  ],
  [
    "memory-banks",
    "arrays of convolutions, all generated",
    {
      space: {
        baseChannels: 8,
        maxUnits: 32,
        depthCompression: 2,
        depth: 2,
        width: 1,
        bottleneck: 2,
        kernel: 3,
        maxDilation: 3,
        stemKernel: 3,
        convolutions: "array",
        maxKernel: 5,
        axes: "separate",
        maxGroups: 4,
        input,
        classes: 5,
      },
      hypernet: { denseBlocks: [2, 2], growth: 4, weightNorm: "he", generated: "all" },
    },
  ],
  [
    "nas-bench-201",
    "residual reductions",
    {
      space: { name: "nas-bench-201", channels: 4, cells: 2, sampling: "uniform", input, classes: 5 },
      hypernet: { width: 8, layers: 1, brick: 4, cells: 1, reductions: "residual", noise: true },
    },
  ],
];

const labels = () => fromArray(BigInt64Array.from([0n, 1n, 2n, 3n]), [4]);

describe.each(spaces)("the %s space, %s", (name, _variant, settings) => {
  const sample = (seed: number) => createSpace(settings.space).sample(Random.stream(seed, "test"));

  it("draws the same architecture from the same stream, of its own kind", () => {
    expect(sample(1)).toEqual(sample(1));
    expect(sample(1).space).toBe(name);
    const step = { seed: 1, step: 7, steps: 100 };
    const space = createSpace(settings.space);
    expect(space.sampleForStep(step)).toEqual(space.sampleForStep(step));
  });

  it("gives logits for any of its architectures, bit-identical from network to network of one seed", () => {
    for (let seed = 0; seed < 6; seed++) {
      scope(() =>
        noGrad(() => {
          const logits = () => {
            const network = createSearchNetwork(settings, { seed });
            const forward = network.forward(sample(seed), { statistics: batchStatistics, noiseSeed: seed });
            return forward(normal([4, 3, 8, 8], seed).channelsLast());
          };
          const first = logits();
          expect(first.shape).toEqual([4, 5]);
          expect(first.isFinite).toBe(true);
          expect(logits().toArray()).toEqual(first.toArray());
        }),
      );
    }
  });

  it("gives the same bits with a graph and without", () => {
    for (let seed = 0; seed < 6; seed++) {
      scope(() => {
        const network = createSearchNetwork(settings, { seed });
        const run = () => {
          const forward = network.forward(sample(seed), { statistics: batchStatistics });
          return forward(normal([4, 3, 8, 8], seed).channelsLast()).toArray();
        };
        expect(noGrad(run)).toEqual(run());
      });
    }
  });

  it("runs one generation of weights on several batches", () => {
    scope(() => {
      const network = createSearchNetwork(settings, { seed: 1 });
      const forward = network.forward(sample(1), { statistics: batchStatistics });
      const images = normal([4, 3, 8, 8], 1).channelsLast();
      expect(forward(images).toArray()).toEqual(forward(images).toArray());
    });
  });

  it("has gradients that agree with finite differences in float64", () => {
    scope(() => {
      const network = createSearchNetwork(settings, { seed: 3, dtype: "float64" });
      const images = normal([4, 3, 8, 8], 5, { dtype: "float64" }).channelsLast();
      // The third sample of either space has generated weights.
      const architecture = sample(3);
      const loss = () => {
        const forward = network.forward(architecture, { statistics: batchStatistics, noiseSeed: 7 });
        return crossEntropy(forward(images), labels());
      };
      loss().backward();
      let checked = 0;
      for (const [parameterName, parameter] of network.parameters()) {
        const gradient = parameter.grad;
        if (!gradient) continue;
        if (parameterName.startsWith("hypernet.")) checked++;
        const direction = normal(parameter.shape, 11, { dtype: "float64" });
        const along = (step: number) =>
          noGrad(() => {
            parameter.addInPlace(direction, step);
            const value = loss().item();
            parameter.addInPlace(direction, -step);
            return value;
          });
        // Short, so that no ReLU opens or closes on the way.
        const step = 1e-7;
        const numeric = (along(step) - along(-step)) / (2 * step);
        const exact = gradient.mul(direction).sum().item();
        expect(Math.abs(numeric - exact), parameterName).toBeLessThan(1e-6 + 1e-4 * Math.abs(exact));
      }
      expect(checked).toBeGreaterThan(2);
    });
  });

  it("moves running statistics in training only", () => {
    scope(() => {
      const network = createSearchNetwork(settings, { seed: 1 });
      const means = () =>
        [...network.buffers()].flatMap(([key, tensor]) => (key.endsWith("mean") ? tensor.toNumbers() : []));
      const before = means();
      const images = normal([4, 3, 8, 8], 1).channelsLast();
      network.forward(sample(1), { statistics: batchStatistics })(images);
      expect(means()).toEqual(before);
      network.forward(sample(1), { statistics: trainingStatistics })(images);
      expect(means()).not.toEqual(before);
    });
  });

  it("shows every activation on request, without changing the logits", () => {
    scope(() =>
      noGrad(() => {
        const network = createSearchNetwork(settings, { seed: 2 });
        const images = normal([4, 3, 8, 8], 1).channelsLast();
        const plain = network.forward(sample(2), { statistics: batchStatistics })(images);
        let [shown, negative] = [0, 0];
        const onActivation = (x: typeof images) => {
          shown++;
          if (x.neg().max().item() > 0) negative++;
        };
        const seen = network.forward(sample(2), { statistics: batchStatistics, onActivation })(images);
        expect(seen.toArray()).toEqual(plain.toArray());
        expect(shown).toBeGreaterThan(4);
        expect(negative).toBe(0);
      }),
    );
  });

  it("builds the network a search results in, with the cost's parameters", () => {
    for (let seed = 0; seed < 6; seed++) {
      scope(() => {
        const architecture = sample(seed);
        const network = createNetwork(architecture, { seed });
        const parameters = [...network.parameters().values()].reduce((sum, tensor) => sum + tensor.size, 0);
        expect(parameters).toBe(countCost(architecture).parameters);
        const images = normal([4, 3, 8, 8], 1).channelsLast();
        const logits = network.forward(images, { statistics: trainingStatistics });
        crossEntropy(logits, labels()).backward();
        // Behind a cell that is cut off nothing is learned.
        if (architecture.space === "nas-bench-201" && new Set(pruneCell(architecture.cell)).size === 1)
          return;
        for (const [parameterName, parameter] of network.parameters()) {
          expect(parameter.grad, parameterName).toBeDefined();
        }
      });
    }
  });

  it("starts from orthogonal weights, those that are learned freely and the resulting network's", () => {
    scope(() => {
      const free = createSearchNetwork(settings, { seed: 1 }).free.parameters();
      const own = createNetwork(sample(1), { seed: 1 }).parameters();
      let checked = 0;
      for (const [parameterName, parameter] of [...free, ...own]) {
        const { shape, size } = parameter;
        if (shape.length === 1) continue; // of a BatchNorm, or a bias
        const matrix = parameter.reshape([shape[0], size / shape[0]]);
        const other = matrix.transpose(0, 1);
        const gram = shape[0] < size / shape[0] ? matrix.matmul(other) : other.matmul(matrix);
        const difference = gram.sub(eye(gram.shape[0])).abs().max().item();
        expect(difference, parameterName).toBeLessThan(1e-5);
        checked++;
      }
      expect(checked).toBeGreaterThan(10);
    });
  });

  it("runs an architecture with weights that are meant for another description", () => {
    scope(() =>
      noGrad(() => {
        const network = createSearchNetwork(settings, { seed: 2 });
        const images = normal([4, 3, 8, 8], 1).channelsLast();
        const architecture = sample(2);
        const random = Random.stream(1);
        const corrupted = corruptArchitecture(architecture, settings.space, { random }).architecture;
        expect(corrupted).not.toEqual(architecture);
        const logits = (describedAs?: typeof architecture) =>
          network.forward(architecture, { statistics: batchStatistics, describedAs })(images);
        expect(logits(architecture).toArray()).toEqual(logits().toArray());
        expect(logits(corrupted).toArray()).not.toEqual(logits().toArray());
      }),
    );
  });

  it("that generates nothing learns every weight freely, and no HyperNet", () => {
    scope(() => {
      const hypernet = { ...settings.hypernet, generated: "none" } as const;
      const network = createSearchNetwork({ ...settings, hypernet } as typeof settings, { seed: 2 });
      const images = normal([4, 3, 8, 8], 1).channelsLast();
      for (let seed = 0; seed < 5; seed++) {
        const forward = network.forward(sample(seed), { statistics: batchStatistics });
        crossEntropy(forward(images), labels()).backward();
      }
      const learned = [...network.parameters()]
        .filter(([, { grad }]) => grad !== undefined)
        .map(([key]) => key);
      expect(learned.some((key) => key.startsWith("hypernet."))).toBe(false);
      expect(learned.some((key) => /pointwise\.weight|nor_conv_1x1\.weight/.test(key))).toBe(true);
    });
  });

  it("refuses to perturb an architecture of another space", () => {
    const other = spaces.find(([otherName]) => otherName !== name)![2];
    const stranger = createSpace(other.space).sample(Random.stream(1));
    expect(() => createSpace(settings.space).perturb(stranger, Random.stream(1))).toThrow(name);
  });
});
