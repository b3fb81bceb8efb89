import { beforeAll, describe, expect, it } from "vitest";
import { countCost, listSites, sampleArchitecture, type MemoryBankSettings } from "../arch/index.js";
import { Random } from "../random.js";
import { conv2d, crossEntropy, fromArray, noGrad, normal, scope, setThreads } from "../tensor/index.js";
import { ResultingNetwork, siteName } from "./resulting-network.js";
import { runNetwork } from "./run-network.js";
import { SmashNetwork } from "./smash-network.js";
import { batchStatistics } from "./statistics.js";

beforeAll(() => setThreads(2));

const space: MemoryBankSettings = {
  baseChannels: 4,
  maxUnits: 16,
  depthCompression: 2,
  depth: 2,
  width: 1,
  bottleneck: 2,
  kernel: 3,
  maxDilation: 2,
  stemKernel: 3,
  input: { channels: 3, size: 8 },
  classes: 5,
};
const hypernet = { denseBlocks: [2, 2], growth: 4, weightNorm: "he" } as const;
const sample = (seed: number) => sampleArchitecture(space, Random.stream(seed, "test"));

describe("a resulting network", () => {
  it("loaded with generated weights gives the SMASH network's logits", () => {
    for (let seed = 0; seed < 8; seed++) {
      scope(() =>
        noGrad(() => {
          const architecture = sample(seed);
          const smash = new SmashNetwork({ space, hypernet, seed });
          const source = smash.generate(architecture, { statistics: batchStatistics });
          const network = new ResultingNetwork(architecture, { seed: seed + 1, normalization: "smash" });
          for (const [index, site] of listSites(architecture).entries()) {
            const { weight, bias } = source.weights(index);
            network
              .parameters()
              .get(`${siteName(site)}.weight`)!
              .copyFrom(weight);
            if (bias)
              network
                .parameters()
                .get(`${siteName(site)}.bias`)!
                .copyFrom(bias);
          }
          const images = normal([6, 3, 8, 8], seed).channelsLast();
          const generated = runNetwork(architecture, source, images).toNumbers();
          const own = runNetwork(architecture, network.source(batchStatistics), images).toNumbers();
          const scale = Math.max(...generated.map(Math.abs));
          for (const [index, value] of own.entries())
            expect(Math.abs(value - generated[index]) / scale).toBeLessThan(1e-5);
        }),
      );
    }
  });

  it("has the parameters, and runs the multiply-adds, that the cost says", () => {
    for (let seed = 0; seed < 20; seed++) {
      scope(() => {
        const architecture = sample(seed);
        const network = new ResultingNetwork(architecture, { seed });
        const parameters = [...network.parameters().values()].reduce((sum, tensor) => sum + tensor.size, 0);
        const cost = countCost(architecture);
        expect(parameters).toBe(cost.parameters);
        // Counted on the network itself: each weight's elements times the positions of what it really gives.
        const source = network.source(batchStatistics);
        let multiplyAdds = 0;
        for (const [index, site] of listSites(architecture).entries()) {
          const { weight } = source.weights(index);
          if (site.kind === "head") {
            multiplyAdds += weight.size;
            continue;
          }
          const [, inputs, height, width] = weight.shape;
          const probe = normal([1, inputs * site.groups, site.inputSize, site.inputSize], 1);
          const padding = [
            (site.dilation[0] * (height - 1)) / 2,
            (site.dilation[1] * (width - 1)) / 2,
          ] as const;
          const output = conv2d(probe, weight, { padding, dilation: site.dilation, groups: site.groups });
          multiplyAdds += weight.size * output.shape[2] * output.shape[3];
        }
        expect(multiplyAdds).toBe(cost.flops);
      });
    }
  });
});

describe("the gradient with respect to HyperNet parameters", () => {
  it("agrees with finite differences in float64", () => {
    scope(() => {
      const architecture = sample(3);
      const smash = new SmashNetwork({ space, hypernet, seed: 3, dtype: "float64" });
      const images = normal([4, 3, 8, 8], 5, { dtype: "float64" }).channelsLast();
      const labels = fromArray(BigInt64Array.from([0n, 1n, 2n, 3n]), [4]);
      const loss = () => {
        const source = smash.generate(architecture, { statistics: batchStatistics, noiseSeed: 7 });
        return crossEntropy(runNetwork(architecture, source, images), labels);
      };
      loss().backward();
      for (const [name, parameter] of smash.parameters()) {
        const gradient = parameter.grad;
        if (!gradient) continue;
        // Along a random direction, so that every element takes part.
        const direction = normal(parameter.shape, 11, { dtype: "float64" });
        const along = (step: number) =>
          noGrad(() => {
            parameter.addInPlace(direction, step);
            const value = loss().item();
            parameter.addInPlace(direction, -step);
            return value;
          });
        const step = 1e-6;
        const numeric = (along(step) - along(-step)) / (2 * step);
        const exact = gradient.mul(direction).sum().item();
        expect(Math.abs(numeric - exact), name).toBeLessThan(1e-6 + 1e-4 * Math.abs(exact));
      }
    });
  });
});

describe("generated weights", () => {
  it("have their sites' shapes and the norm that was chosen", () => {
    scope(() => {
      const smash = new SmashNetwork({ space, hypernet, seed: 1 });
      const architecture = sample(1);
      const source = smash.generate(architecture, { statistics: batchStatistics });
      for (const [index, site] of listSites(architecture).entries()) {
        if (site.kind !== "pointwise") continue;
        const { weight } = source.weights(index);
        expect(weight.shape).toEqual(site.shape);
        expect(weight.norm().item()).toBeCloseTo(Math.sqrt(2 * site.shape[0]), 3);
      }
    });
  });
});
