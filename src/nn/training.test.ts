import { describe, expect, it } from "vitest";
import { expectClose, readGolden, toTensor, type StoredTensor } from "../../test/goldens/golden.js";
import {
  BankBuffer,
  crossEntropy,
  fromArray,
  globalAvgPool2d,
  memoryStats,
  noGrad,
  normal,
  scope,
  setThreads,
  type Tensor,
} from "../tensor/index.js";
import {
  Adam,
  BatchNorm2d,
  Conv2d,
  cosineRate,
  disposeAll,
  joinNamed,
  Linear,
  loadState,
  Sgd,
  type NormalizationMode,
  type NamedTensors,
} from "./index.js";

setThreads(1);

/** conv - norm - relu, optionally through memory banks, - pool - linear: a bit of everything. */
class SmallNetwork {
  readonly conv = new Conv2d({ inputs: 3, outputs: 4, kernel: 3, stride: 2, padding: 1, seed: 1 });
  readonly norm = new BatchNorm2d({ channels: 4 });
  readonly linear = new Linear({ inputs: 4, outputs: 5, seed: 2 });

  forward(x: Tensor, mode: NormalizationMode, { banks = false } = {}): Tensor {
    const features = this.norm.forward(this.conv.forward(x), mode).relu(); // [N, 4, H / 2, W / 2]
    return this.linear.forward(globalAvgPool2d(banks ? this.#mix(features) : features)); // [N, 5]
  }

  /** Through banks of two channels and back: [N, 4, H, W] -> [N, 4, H, W] */
  #mix(features: Tensor): Tensor {
    const buffer = BankBuffer.holding(features, 6, 2);
    buffer.write(buffer.read([0], { relu: true }), [1, 2]);
    return buffer.read([1, 2]);
  }

  parameters(): NamedTensors {
    const { conv, norm, linear } = this;
    return joinNamed({ conv: conv.parameters(), norm: norm.parameters(), linear: linear.parameters() });
  }

  buffers(): NamedTensors {
    return this.norm.buffers();
  }
}

interface Golden {
  readonly start: Readonly<Record<string, StoredTensor>>;
  readonly batches: readonly { readonly x: StoredTensor; readonly target: StoredTensor }[];
  readonly losses: readonly number[];
  readonly after: Readonly<Record<string, StoredTensor>>;
  readonly runningMean: StoredTensor;
  readonly runningVariance: StoredTensor;
  readonly evaluated: StoredTensor;
}

describe.each(["row-major", "channels-last"])("a small network trained on %s images", (layout) => {
  it("has PyTorch's losses, weights, running statistics and outputs", () => {
    scope(() => {
      const golden = readGolden<Golden>("network");
      const network = new SmallNetwork();
      const start = Object.entries(golden.start).map(([name, stored]) => [name, toTensor(stored)] as const);
      loadState(network.parameters(), new Map(start));
      const optimizer = new Sgd(network.parameters(), { weightDecay: 0.01 });
      const images = golden.batches.map(({ x }) =>
        layout === "row-major" ? toTensor(x) : toTensor(x).channelsLast(),
      );
      for (const [step, { target }] of golden.batches.entries()) {
        const logits = network.forward(images[step], "train");
        const loss = crossEntropy(logits, toTensor(target), { smoothing: 0.1 });
        expect(loss.item()).toBeCloseTo(golden.losses[step], 5);
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step(0.1);
      }
      for (const [name, parameter] of network.parameters()) expectClose(parameter, golden.after[name], name);
      expectClose(network.norm.runningMean, golden.runningMean, "running mean");
      expectClose(network.norm.runningVariance, golden.runningVariance, "running variance");
      expectClose(
        noGrad(() => network.forward(images[2], "running")),
        golden.evaluated,
        "output",
      );
    });
  });
});

/** Trains and calls `observe` after every step; the network and optimizer are left to the caller. */
function trainSmallNetwork(steps: number, observe: (step: number) => void = () => {}) {
  const network = new SmallNetwork();
  const optimizer = new Adam(network.parameters(), { weightDecay: 1e-3 });
  const target = fromArray([0, 1, 2, 3, 4, 0, 1, 2], [8], { dtype: "int64" });
  for (let step = 0; step < steps; step++) {
    scope(() => {
      const x = normal([8, 3, 32, 32], step).channelsLast(); // [N, C, H, W]
      const loss = crossEntropy(network.forward(x, "train", { banks: step % 2 === 0 }), target);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step(cosineRate({ base: 0.01, step, steps, warmup: 10 }));
    });
    observe(step);
  }
  target.dispose();
  return { network, optimizer };
}

describe("a training loop", () => {
  it("holds as many tensors and bytes after 500 steps as after 5", () => {
    const before = memoryStats();
    const seen: [number, number][] = [];
    const { network, optimizer } = trainSmallNetwork(500, () => {
      const { liveTensors, liveBytes } = memoryStats();
      seen.push([liveTensors, liveBytes]);
    });
    const settled = seen.slice(5);
    expect(new Set(settled.map(([tensors]) => tensors)).size).toBe(1);
    // malloc's blocks are now and then a little larger than what was asked for.
    const bytes = settled.map(([, bytes]) => bytes);
    expect(Math.max(...bytes) - Math.min(...bytes)).toBeLessThan(1024);
    // The gradients' memory belongs to the parameters.
    disposeAll(network.parameters(), network.buffers(), optimizer.state());
    expect(memoryStats().liveTensors).toBe(before.liveTensors);
    expect(memoryStats().liveBytes).toBe(before.liveBytes);
  });

  it("gives the same weights, bit for bit, when run again", () => {
    const [first, second] = [1, 2].map(() => {
      const { network, optimizer } = trainSmallNetwork(60);
      const states = [network.parameters(), network.buffers(), optimizer.state()];
      const values = states.flatMap((tensors) => [...tensors.values()].map((tensor) => tensor.toArray()));
      disposeAll(...states);
      return values;
    });
    expect(second).toEqual(first);
    expect(first.every((values) => Array.from(values, Number).every(Number.isFinite))).toBe(true);
  });
});
