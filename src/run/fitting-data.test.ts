import { expect, it } from "vitest";
import { sampleArchitecture } from "../arch/index.js";
import { Random } from "../random.js";
import type { NetworkFacts } from "./facts.js";
import { describeMisfit, requireFitting } from "./fitting-data.js";

const architecture = sampleArchitecture(
  {
    ...{ baseChannels: 8, maxUnits: 16, depthCompression: 2, depth: 1, width: 1, bottleneck: 1, kernel: 3 },
    ...{ maxDilation: 1, stemKernel: 3, input: { channels: 3, size: 16 }, classes: 2 },
  },
  Random.stream(0),
);
const facts: NetworkFacts = {
  ...{ architecture, dataset: "pets", classes: ["cat", "dog"] },
  statistics: { mean: [0, 0, 0], std: [1, 1, 1] },
};
const dataset = { name: "photos", channels: 3, size: 16, classes: ["cat", "dog"] };

it("a data set with such images and classes fits, whatever its name", () => {
  expect(describeMisfit(facts, dataset)).toBeUndefined();
  expect(() => requireFitting({ checkpoint: "best.safetensors", facts }, dataset)).not.toThrow();
});

it.each([
  [{ channels: 1 }, "for images of 3 x 16 x 16, photos has 1 x 16 x 16"],
  [{ size: 32 }, "for images of 3 x 16 x 16, photos has 3 x 32 x 32"],
  [{ classes: ["cat", "dog", "fox"] }, "for 2 classes, not the 3 in photos"],
  [{ classes: ["cat", "fox"] }, 'for "dog" as class 1, which is "fox" in photos'],
])("one with %j does not, and is told with what it should be", (change, difference) => {
  const other = { ...dataset, ...change };
  expect(describeMisfit(facts, other)).toBe(difference);
  const require = () => requireFitting({ checkpoint: "best.safetensors", facts }, other);
  expect(require).toThrow(`best.safetensors is ${difference}.`);
  expect(require).toThrow("(pets), with images of 16 pixels");
});
