import { beforeAll, describe, expect, it } from "vitest";
import {
  countCost,
  createSpace,
  parseCell,
  type Architecture,
  type SpaceSettings,
} from "../../arch/index.js";
import { buildCellArchitecture } from "../../arch/nas-bench-201/cell-settings.js";
import { channelStatistics, generateSynthetic } from "../../data/index.js";
import { batchStatistics, createNetwork, runningStatistics } from "../../network/index.js";
import { Random } from "../../random.js";
import { defaultDevice, noGrad, ones, scope, setThreads } from "../../tensor/index.js";
import { loadBatches } from "../../train/index.js";
import { findProxy, proxies } from "./list.js";
import { logDeterminant } from "./naswot.js";
import type { ProxyData } from "./proxy.js";

beforeAll(() => setThreads(1));

const synthetic = generateSynthetic({ trainCount: 2000, testCount: 50 });
const input = { channels: synthetic.channels, size: synthetic.size };
const cells = {
  name: "nas-bench-201",
  channels: 4,
  cells: 1,
  sampling: "uniform",
  input,
  classes: synthetic.classes.length,
} as const;
const banks: SpaceSettings = {
  baseChannels: 4,
  maxUnits: 8,
  depthCompression: 2,
  depth: 1,
  width: 1,
  bottleneck: 2,
  kernel: 3,
  maxDilation: 2,
  stemKernel: 3,
  input,
  classes: synthetic.classes.length,
};
const source = {
  set: synthetic.train,
  size: synthetic.size,
  statistics: channelStatistics(synthetic.train, synthetic.channels),
  device: defaultDevice(),
};
let data: ProxyData;
beforeAll(() => {
  data = {
    train: source,
    batch: loadBatches(source, 16, { count: 16 })[0],
    validation: loadBatches(source, 100, { count: 100 }),
    networkTraining: {
      epochs: 1,
      batchSize: 20,
      rate: 0.05,
      warmup: 0,
      momentum: 0.9,
      weightDecay: 1e-4,
      labelSmoothing: 0,
      augment: { pad: 0, flip: false },
    },
    seed: 3,
  };
});

const cell = (text: string) => buildCellArchitecture(cells, parseCell(text));
const whole = cell("nor_conv_3x3~0|none~0+nor_conv_1x1~1|skip_connect~0+nor_conv_3x3~1+nor_conv_3x3~2");
const small = cell("nor_conv_1x1~0|none~0+none~1|none~0+nor_conv_1x1~1+none~2");
const cutOff = cell("nor_conv_3x3~0|none~0+none~1|none~0+none~1+none~2");
const score = (name: string, architecture: Architecture) => findProxy(name).score(architecture, data);

describe.each([
  ["memory-banks", banks],
  ["nas-bench-201", cells],
] as const)("in the %s space", (_, settings) => {
  it.each(proxies.map(({ name }) => name))("%s gives a finite score, the same every time", (name) => {
    const architecture = createSpace(settings).sample(Random.stream(2));
    const first = score(name, architecture);
    expect(Number.isFinite(first)).toBe(true);
    expect(score(name, architecture)).toBe(first);
  });

  it("synflow is the derivative of the output by the weights' scale", () => {
    const architecture = createSpace(settings).sample(Random.stream(4));
    const output = (scale: number) =>
      scope(() =>
        noGrad(() => {
          const network = createNetwork(architecture, { seed: data.seed, dtype: "float64" });
          for (const [name, parameter] of network.parameters()) {
            const isWeight = !name.includes(".norm.") && !name.endsWith(".bias");
            parameter.copyFrom(parameter.abs().mul(isWeight ? scale : 1));
          }
          const image = ones([1, input.channels, input.size, input.size], {
            dtype: "float64",
          }).channelsLast();
          return network.forward(image, { statistics: runningStatistics }).sum().item();
        }),
      );
    const step = 1e-5;
    const derivative = (output(1 + step) - output(1 - step)) / (2 * step);
    expect(score("synflow", architecture)).toBeCloseTo(-Math.log(derivative), 4);
  });

  it("NASWOT counts the units on which images agree", () => {
    const architecture = createSpace(settings).sample(Random.stream(6));
    const expected = scope(() =>
      noGrad(() => {
        const { images, count } = data.batch;
        const codes: boolean[][] = Array.from({ length: count }, () => []);
        const network = createNetwork(architecture, { seed: data.seed });
        network.forward(images, {
          statistics: batchStatistics,
          onActivation: (x) => {
            const values = x.toNumbers();
            const units = values.length / count;
            for (const [index, value] of values.entries()) codes[Math.floor(index / units)].push(value > 0);
          },
        });
        const agreement = codes.flatMap((one) =>
          codes.map((other) => one.filter((isOn, unit) => isOn === other[unit]).length),
        );
        return -logDeterminant(Float64Array.from(agreement), count);
      }),
    );
    expect(score("naswot", architecture)).toBeCloseTo(expected, 6);
  });
});

describe("proxies of cells", () => {
  it.each(["parameters", "flops", "synflow", "naswot"])("%s prefers the larger of two cells", (name) => {
    expect(score(name, whole)).toBeLessThan(score(name, small));
  });

  it("count parameters and multiply-adds, each its own", () => {
    const { parameters, flops } = countCost(whole);
    expect([score("parameters", whole), score("flops", whole)]).toEqual([-parameters, -flops]);
  });

  it("put a cell that is cut off last", () => {
    for (const name of ["synflow", "naswot"]) expect(score(name, cutOff)).toBeGreaterThan(score(name, small));
    expect(score("short-training", cutOff)).toBeGreaterThan(score("short-training", whole) + 0.2);
  });

  it("short-training has no number for a network whose training diverges", () => {
    const networkTraining = { ...data.networkTraining, rate: 1e30 };
    expect(findProxy("short-training").score(small, { ...data, networkTraining })).toBeNaN();
  });

  it("are found by name, with the nearest for a mistyped one", () => {
    expect(() => findProxy("synflw")).toThrow('did you mean "synflow"');
  });
});

describe("the log-determinant", () => {
  it("is that of a known matrix", () => {
    // Determinant 4 * 3 - 1 = 11, but for the jitter.
    expect(logDeterminant(Float64Array.from([4, 1, 1, 3]), 2)).toBeCloseTo(Math.log(11), 4);
  });

  it("of a singular matrix is low, and finite", () => {
    const value = logDeterminant(Float64Array.from([2, 2, 2, 2]), 2);
    expect(Number.isFinite(value)).toBe(true);
    expect(value).toBeLessThan(-5);
  });
});
