import { beforeAll, describe, expect, it } from "vitest";
import { createSpace } from "../arch/index.js";
import { createNetwork } from "../network/index.js";
import { Random } from "../random.js";
import { normal, noGrad, scope, setThreads } from "../tensor/index.js";
import { averageDecay, networkState, WeightAverage } from "./weight-average.js";

beforeAll(() => setThreads(1));

const { architecture } = createNetworkOfTest();

function createNetworkOfTest() {
  const space = createSpace({
    ...{ baseChannels: 4, maxUnits: 8, depthCompression: 2, depth: 1, width: 1, bottleneck: 2 },
    ...{ kernel: 3, maxDilation: 1, stemKernel: 3, input: { channels: 3, size: 8 }, classes: 3 },
  });
  return { architecture: space.sample(Random.stream(1)) };
}

describe("the average", () => {
  it("is the recurrence, for weights and for BatchNorm's statistics", () => {
    scope(() => {
      const trained = createNetwork(architecture, { seed: 1, dtype: "float64" });
      const average = new WeightAverage(trained, 0.7);
      const names = [...networkState(trained).keys()];
      expect(names.some((name) => name.startsWith("buffers."))).toBe(true);
      const expected = new Map(names.map((name) => [name, networkState(trained).get(name)!.toNumbers()]));
      for (let step = 0; step < 40; step++) {
        noGrad(() => {
          for (const [index, tensor] of [...networkState(trained).values()].entries()) {
            tensor.copyFrom(normal(tensor.shape, 100 * step + index, { dtype: "float64" }));
          }
        });
        average.update(step);
        const decay = Math.min(0.7, (1 + step) / (10 + step));
        for (const [name, tensor] of networkState(trained)) {
          const before = expected.get(name)!;
          const values = tensor.toNumbers();
          expected.set(
            name,
            before.map((value, at) => decay * value + (1 - decay) * values[at]),
          );
        }
      }
      for (const [name, tensor] of networkState(average.network)) {
        for (const [at, value] of tensor.toNumbers().entries())
          expect(value).toBeCloseTo(expected.get(name)![at], 10);
      }
    });
  });

  it("forgets the first weights soon, and then has the decay that was asked for", () => {
    expect(averageDecay(0.999, 0)).toBe(0.1);
    expect(averageDecay(0.999, 89)).toBeCloseTo(90 / 99);
    expect(averageDecay(0.999, 1e6)).toBe(0.999);
  });

  it("starts from the trained network's own weights", () => {
    scope(() => {
      const trained = createNetwork(architecture, { seed: 3 });
      const average = networkState(new WeightAverage(trained, 0.9).network);
      for (const [name, tensor] of networkState(trained))
        expect(average.get(name)!.toArray()).toEqual(tensor.toArray());
    });
  });
});
