import { describe, expect, it } from "vitest";
import { countCost, createSpace } from "../../../arch/index.js";
import { findPreset } from "../../../config/index.js";
import { Random } from "../../../random.js";
import { isWithin } from "../../../search/index.js";
import { demoLimits } from "./demo.js";

describe("limits of the demo", () => {
  it("bound what the preset's networks compute, and leave most of them, at any size of images", () => {
    for (const size of [16, 32, 64]) {
      const { space: settings } = findPreset("demo");
      const space = createSpace({ ...settings, input: { ...settings.input, size } });
      const limits = demoLimits({ preset: "demo" }, size);
      const random = Random.stream(1, "demo limits");
      const within = Array.from({ length: 200 }, () => countCost(space.sample(random))).filter((cost) =>
        isWithin(limits, cost),
      );
      expect(within.length).toBeGreaterThan(100);
      expect(within.length).toBeLessThan(190);
    }
  });

  it("are those given, where some are", () => {
    expect(demoLimits({ preset: "demo", maxFlops: 2e7 }, 32)).toEqual({ flops: 2e7 });
    expect(demoLimits({ preset: "demo", maxParameters: 3e4 }, 32)).toEqual({
      flops: 10_240_000,
      parameters: 3e4,
    });
  });

  it("are none with other presets", () => {
    expect(demoLimits({ preset: "small" }, 32)).toEqual({});
  });
});
