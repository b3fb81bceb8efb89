import { describe, expect, it } from "vitest";
import { conv2d, memoryStats, normal, scope, setThreads, type Tensor } from "../tensor/index.js";
import {
  BatchNorm2d,
  Conv2d,
  disposeAll,
  joinNamed,
  kaimingNormal,
  Linear,
  orthogonal,
  type Module,
} from "./index.js";

setThreads(2);

const names = (module: Module) => [[...module.parameters().keys()], [...module.buffers().keys()]];

function expectClose(found: Tensor, expected: Tensor): void {
  expect(found.shape).toEqual(expected.shape);
  expect(found.sub(expected).abs().max().item()).toBeLessThan(1e-5);
}

describe("a convolution layer", () => {
  it("applies its weight with its options", () => {
    scope(() => {
      const options = { stride: 2, padding: [2, 1], dilation: [2, 1], groups: 2 } as const;
      const layer = new Conv2d({ inputs: 4, outputs: 6, kernel: 3, seed: 1, bias: true, ...options });
      layer.bias!.copyFrom(normal([6], 5));
      const x = normal([2, 4, 9, 8], 2);
      expect(layer.weight.toArray()).toEqual(orthogonal([6, 2, 3, 3], 1).toArray());
      const weight = layer.weight.contiguous();
      expectClose(layer.forward(x), conv2d(x, weight, { ...options, bias: layer.bias }));
      expectClose(layer.forward(x.channelsLast()), layer.forward(x));
    });
  });

  it("may be asymmetric, and starts with other weights when asked to", () => {
    scope(() => {
      const layer = new Conv2d({
        inputs: 8,
        outputs: 4,
        kernel: [1, 5],
        padding: [0, 2],
        seed: 1,
        init: kaimingNormal,
      });
      expect(layer.forward(normal([1, 8, 3, 7], 2)).shape).toEqual([1, 4, 3, 7]);
      expect(layer.weight.toArray()).toEqual(kaimingNormal([4, 8, 1, 5], 1).toArray());
    });
  });

  it("has a bias only when asked for", () => {
    scope(() => {
      const plain = { inputs: 2, outputs: 3, kernel: 1, seed: 1 };
      expect(names(new Conv2d(plain))).toEqual([["weight"], []]);
      expect(names(new Conv2d({ ...plain, bias: true }))).toEqual([["weight", "bias"], []]);
    });
  });

  it("gives gradients to all its parameters", () => {
    scope(() => {
      const layer = new Conv2d({ inputs: 2, outputs: 3, kernel: 3, seed: 1, bias: true });
      layer
        .forward(normal([1, 2, 4, 4], 2))
        .sum()
        .backward();
      for (const [, parameter] of layer.parameters()) expect(parameter.grad!.shape).toEqual(parameter.shape);
    });
  });
});

describe("a linear layer", () => {
  it("is a matrix product and a bias", () => {
    scope(() => {
      const layer = new Linear({ inputs: 4, outputs: 3, seed: 1 });
      layer.bias!.copyFrom(normal([3], 5));
      const x = normal([2, 4], 2);
      expect(layer.weight.toArray()).toEqual(orthogonal([3, 4], 1).toArray());
      expectClose(layer.forward(x), x.matmul(layer.weight.transpose(0, 1)).add(layer.bias!));
      expect(names(layer)).toEqual([["weight", "bias"], []]);
      expect(names(new Linear({ inputs: 4, outputs: 3, seed: 1, bias: false }))).toEqual([["weight"], []]);
    });
  });
});

describe("batch normalisation", () => {
  const statistics = (norm: BatchNorm2d) => [...norm.buffers().values()].map((buffer) => buffer.toNumbers());

  it("by the batch gives every channel mean 0 and variance 1, then weight and bias", () => {
    scope(() => {
      const norm = new BatchNorm2d({ channels: 3 });
      norm.weight.fill(2);
      norm.bias.fill(1);
      const y = norm.forward(normal([8, 3, 5, 5], 1, { mean: 3, deviation: 0.5 }), "batch");
      for (const mean of y.mean({ dims: [0, 2, 3] }).toNumbers()) expect(mean).toBeCloseTo(1, 4);
      const variances = y.variance({ dims: [0, 2, 3], unbiased: false });
      for (const variance of variances.toNumbers()) expect(variance).toBeCloseTo(4, 2);
    });
  });

  it("moves the running statistics in mode train alone", () => {
    scope(() => {
      const norm = new BatchNorm2d({ channels: 3, momentum: 0.25 });
      const x = normal([8, 3, 5, 5], 1, { mean: 3, deviation: 0.5 });
      const fresh = statistics(norm);
      const byBatch = norm.forward(x, "batch");
      norm.forward(x, "running");
      expect(statistics(norm)).toEqual(fresh);
      expectClose(norm.forward(x, "train"), byBatch);
      expectClose(norm.runningMean, x.mean({ dims: [0, 2, 3] }).mul(0.25));
      expectClose(
        norm.runningVariance,
        x
          .variance({ dims: [0, 2, 3] })
          .mul(0.25)
          .add(0.75),
      );
    });
  });

  it("by the running statistics does not depend on the rest of the batch", () => {
    scope(() => {
      const norm = new BatchNorm2d({ channels: 3 });
      norm.forward(normal([8, 3, 5, 5], 1, { mean: 3 }), "train");
      const x = normal([4, 3, 2, 2], 2);
      const alone = norm.forward(x.narrow(0, 0, 1), "running");
      expectClose(norm.forward(x, "running").narrow(0, 0, 1), alone);
    });
  });
});

it("the parts of a network are named under one roof", () => {
  scope(() => {
    const conv = new Conv2d({ inputs: 2, outputs: 3, kernel: 1, seed: 1 });
    const norm = new BatchNorm2d({ channels: 3 });
    const joined = joinNamed({ stem: conv.parameters(), norm: norm.parameters(), running: norm.buffers() });
    expect([...joined.keys()]).toEqual([
      "stem.weight",
      "norm.weight",
      "norm.bias",
      "running.runningMean",
      "running.runningVariance",
    ]);
    expect(joined.get("stem.weight")).toBe(conv.weight);
  });
});

it("layers own just their parameters and buffers", () => {
  const before = memoryStats().liveTensors;
  const layers: Module[] = [
    new Conv2d({ inputs: 2, outputs: 3, kernel: 3, seed: 1, bias: true }),
    new Linear({ inputs: 2, outputs: 3, seed: 1 }),
    new BatchNorm2d({ channels: 3 }),
  ];
  expect(memoryStats().liveTensors).toBe(before + 2 + 2 + 4);
  for (const layer of layers) disposeAll(layer.parameters(), layer.buffers());
  expect(memoryStats().liveTensors).toBe(before);
});
