import { beforeAll, describe, expect, it } from "vitest";
import { buildCellArchitecture, createSpace, encode, parseCell, type Architecture } from "../arch/index.js";
import { small } from "../arch/small-space.fixture.js";
import { batchStatistics, createSearchNetwork, type SearchSettings } from "../network/index.js";
import { Random } from "../random.js";
import { fromArray, noGrad, normal, scope, setThreads, type DType } from "../tensor/index.js";
import { encodingGradient } from "./encoding-gradient.js";
import { evaluate, evaluateGenerated } from "./evaluate.js";

beforeAll(() => setThreads(1));

const input = { channels: 3, size: 8 };
const cellSpace = {
  name: "nas-bench-201",
  channels: 4,
  cells: 2,
  sampling: "uniform",
  input,
  classes: 5,
} as const;
const spaces: readonly (readonly [string, SearchSettings])[] = [
  [
    "memory-banks",
    {
      space: small,
      hypernet: { denseBlocks: [2, 2], growth: 4, weightNorm: "he" },
    },
  ],
  [
    "nas-bench-201",
    {
      space: cellSpace,
      hypernet: { width: 8, layers: 1, brick: 4, cells: 1, reductions: "residual", noise: true },
    },
  ],
];

/** Two batches of different sizes, so that their shares of the mean differ. */
const makeBatches = (dtype: DType) =>
  [4, 2].map((count) => ({
    images: normal([count, 3, 8, 8], count, { dtype }).channelsLast(),
    labels: fromArray(BigInt64Array.from([0n, 1n, 2n, 3n].slice(0, count)), [count]),
    count,
  }));

describe.each(spaces)("dE/dc in the %s space", (_, settings) => {
  // The third sample of either space has generated weights.
  const architecture = createSpace(settings.space).sample(Random.stream(3, "test"));

  it.each([
    ["float64", 1e-5, 1e-4],
    ["float32", 1e-3, 5e-2],
  ] as const)("agrees with finite differences in %s", (dtype, step, tolerance) => {
    scope(() => {
      const network = createSearchNetwork(settings, { seed: 3, dtype });
      const batches = makeBatches(dtype);
      const { shape, data, loss } = encodingGradient(network, architecture, batches);
      const c = encodeWith(network, architecture, dtype);
      // Along the gradient itself the change is largest; rounding then counts least.
      const norm = Math.hypot(...data);
      const direction = fromArray(data, shape).to({ dtype }).div(norm);
      const lossAt = (distance: number) =>
        noGrad(() => {
          const encoding = c.add(direction.mul(distance));
          const forward = network.forward(architecture, { statistics: batchStatistics, encoding });
          return evaluate(forward, batches).loss;
        });
      expect(loss).toBeCloseTo(lossAt(0), 5);
      expect(norm).toBeGreaterThan(1e-3);
      const numeric = (lossAt(step) - lossAt(-step)) / (2 * step);
      expect(Math.abs(numeric - norm)).toBeLessThan(tolerance * norm);
    });
  });

  it("leaves parameters without gradients", () => {
    scope(() => {
      const network = createSearchNetwork(settings, { seed: 3 });
      encodingGradient(network, architecture, makeBatches("float32"));
      for (const parameter of network.parameters().values()) {
        expect(parameter.grad).toBeUndefined();
      }
    });
  });
});

describe("dE/dc", () => {
  it("belongs to the score by batch statistics, with the options it is given", () => {
    scope(() => {
      const network = createSearchNetwork(spaces[1][1], { seed: 3 });
      const validation = makeBatches("float32");
      const [architecture, other] = [3, 4].map((seed) => network.space.sample(Random.stream(seed, "test")));
      const losses = [
        {},
        { noiseSeed: 1 },
        { describedAs: other },
        { batchNorm: "running" } as const,
        { computeType: "bfloat16" } as const,
      ].map((options) => {
        const { loss } = encodingGradient(network, architecture, validation, options);
        const data = { calibration: [], validation };
        const score = evaluateGenerated(network, architecture, data, { batchNorm: "batch", ...options });
        expect(loss).toBeCloseTo(score.loss, 4);
        return loss;
      });
      expect(new Set(losses.map((loss) => loss.toFixed(4))).size).toBe(5);
    });
  });

  it("of a cell without convolutions is zero", () => {
    scope(() => {
      const network = createSearchNetwork(spaces[1][1], { seed: 3 });
      const cell = parseCell("skip_connect~0|none~0+none~1|none~0+skip_connect~1+none~2");
      const { data } = encodingGradient(
        network,
        buildCellArchitecture(cellSpace, cell),
        makeBatches("float32"),
      );
      expect(data).toHaveLength(30);
      expect(data.every((value) => value === 0)).toBe(true);
    });
  });
});

type Network = ReturnType<typeof createSearchNetwork>;

function encodeWith(network: Network, architecture: Architecture, dtype: DType) {
  const { shape, data } = encode(architecture, network.space.settings);
  return fromArray(data, shape).to({ dtype });
}
