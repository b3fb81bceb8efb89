import { beforeAll, describe, expect, it } from "vitest";
import { countCost, listSites, referenceArchitecture, sampleArchitecture } from "../arch/index.js";
import { small, smallOptions } from "../arch/small-space.fixture.js";
import { Random } from "../random.js";
import { conv2d, crossEntropy, fromArray, noGrad, normal, scope, setThreads } from "../tensor/index.js";
import { ResultingNetwork } from "./resulting-network.js";
import { runNetwork } from "./run-network.js";
import { SmashNetwork } from "./smash-network.js";
import { batchStatistics } from "./statistics.js";

beforeAll(() => setThreads(1));

const hypernet = { denseBlocks: [2, 2], growth: 4, weightNorm: "he" } as const;
const everything = { ...hypernet, generated: "all" } as const;
/** Each option with the paper's HyperNet, and with one that generates all convolutions of layers. */
const generators = smallOptions.flatMap(([name, settings]) =>
  [hypernet, everything].map((generator) => {
    const suffix = "generated" in generator ? ", all generated" : "";
    return [`${name}${suffix}`, settings, generator] as const;
  }),
);
const sample = (seed: number, settings = small) => sampleArchitecture(settings, Random.stream(seed, "test"));

describe("a resulting network", () => {
  it.each(generators)(
    "instantiated with generated weights gives the SMASH network's logits: %s",
    (_, settings, hypernet) => {
      for (let seed = 0; seed < 5; seed++) {
        scope(() =>
          noGrad(() => {
            const architecture = sample(seed, settings);
            const smash = new SmashNetwork({ space: settings, hypernet, seed });
            for (const [name, parameter] of smash.free.parameters()) {
              // Not the ones and zeros that both networks begin with.
              if (name.includes("norm")) parameter.addInPlace(normal(parameter.shape, seed), 0.3);
            }
            const source = smash.generate(architecture, { statistics: batchStatistics });
            const network = smash.instantiate(architecture);
            const images = normal([6, 3, 8, 8], seed).channelsLast();
            const generated = runNetwork(architecture, source, images).toNumbers();
            const own = runNetwork(architecture, network.source(batchStatistics), images).toNumbers();
            const scale = Math.max(...generated.map(Math.abs));
            for (const [index, value] of own.entries())
              expect(Math.abs(value - generated[index]) / scale).toBeLessThan(1e-5);
          }),
        );
      }
    },
  );

  it.each(smallOptions)(
    "has the parameters, and runs the multiply-adds, that the cost says: %s",
    (_, settings) => {
      for (let seed = 0; seed < 5; seed++) {
        scope(() => {
          const architecture = sample(seed, settings);
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
    },
  );
});

describe("the gradient with respect to HyperNet parameters", () => {
  it.each(generators)("agrees with finite differences in float64: %s", (_, settings, hypernet) => {
    scope(() => {
      const architecture = sample(3, settings);
      const smash = new SmashNetwork({ space: settings, hypernet, seed: 3, dtype: "float64" });
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
        // So small that no ReLU changes sides on the way.
        const step = 1e-7;
        const numeric = (along(step) - along(-step)) / (2 * step);
        const exact = gradient.mul(direction).sum().item();
        expect(Math.abs(numeric - exact), name).toBeLessThan(1e-6 + 1e-4 * Math.abs(exact));
      }
    });
  });
});

describe("convolutions shared by dilation", () => {
  it.each(smallOptions)("layers of another dilation have no part in them: %s", (_, settings) => {
    for (let seed = 0; seed < 5; seed++) {
      scope(() => {
        const architecture = sample(seed, settings);
        const smash = new SmashNetwork({
          space: settings,
          hypernet: { ...hypernet, shared: "dilation" },
          seed: 1,
        });
        const source = smash.generate(architecture, { statistics: batchStatistics });
        runNetwork(architecture, source, normal([4, 3, 8, 8], 1).channelsLast())
          .sum()
          .backward();
        const learned = [...smash.free.parameters()]
          .filter(
            ([name, { grad }]) => grad !== undefined && /convolution/.test(name) && !name.includes("norm"),
          )
          .map(([name]) => name);
        const used = listSites(architecture).flatMap((site) =>
          site.kind === "convolution"
            ? `block${site.block}.convolution${site.position}.dilation${site.dilation.join("x")}.weight`
            : [],
        );
        expect(learned.toSorted()).toEqual([...new Set(used)].toSorted());
      });
    }
  });
});

describe("a reference network that lies in the space", () => {
  const spaces = [
    { ...small, maxUnits: 32, depth: 4 },
    { ...smallOptions.at(-1)![1], maxUnits: 32, depth: 4 },
  ];
  it.each(
    spaces.flatMap((settings) =>
      (["resnet", "densenet", "fractalnet"] as const).map((name) => ({ name, settings })),
    ),
  )(
    "runs with generated weights and with its own: $name, convolutions $settings.convolutions",
    ({ name, settings }) => {
      scope(() => {
        const architecture = referenceArchitecture(name, settings);
        const images = normal([4, 3, 8, 8], 1).channelsLast();
        const source = new SmashNetwork({ space: settings, hypernet, seed: 1 }).generate(architecture, {
          statistics: batchStatistics,
        });
        const own = new ResultingNetwork(architecture, { seed: 1 }).source(batchStatistics);
        for (const weights of [source, own]) {
          const logits = runNetwork(architecture, weights, images);
          expect(logits.shape).toEqual([4, 5]);
          expect(logits.toNumbers().every(Number.isFinite)).toBe(true);
        }
      });
    },
  );

  it("a wide residual network runs with weights of its own", () => {
    scope(() => {
      const architecture = referenceArchitecture("wide-resnet", small);
      const source = new ResultingNetwork(architecture, { seed: 1 }).source(batchStatistics);
      const logits = runNetwork(architecture, source, normal([4, 3, 8, 8], 1).channelsLast());
      expect(logits.toNumbers().every(Number.isFinite)).toBe(true);
    });
  });
});

describe("generated weights", () => {
  it.each(generators)(
    "have their sites' shapes and the norm that was chosen: %s",
    (_, settings, hypernet) => {
      for (let seed = 0; seed < 5; seed++) {
        scope(() => {
          const smash = new SmashNetwork({ space: settings, hypernet, seed: 1 });
          const architecture = sample(seed, settings);
          const source = smash.generate(architecture, { statistics: batchStatistics });
          for (const [index, site] of listSites(architecture).entries()) {
            const isGenerated =
              site.kind === "pointwise" || (site.kind === "convolution" && "generated" in hypernet);
            if (!isGenerated) continue;
            const { weight } = source.weights(index);
            expect(weight.shape).toEqual(site.shape);
            expect(weight.norm().item()).toBeCloseTo(Math.sqrt(2 * site.shape[0]), 3);
          }
        });
      }
    },
  );

  it("leave stem, transitions, head and BatchNorms to be learned freely where all convolutions of layers are generated", () => {
    const settings = smallOptions.at(-1)![1];
    const names = [...new SmashNetwork({ space: settings, hypernet: everything, seed: 1 }).free.parameters()]
      .map(([name]) => name)
      .filter((name) => !name.includes("norm"));
    const others = ["stem.weight", "transition0.weight", "transition1.weight", "head.weight", "head.bias"];
    expect(names.toSorted()).toEqual(others.toSorted());
  });
});
