import { describe, expect, it } from "vitest";
import { isKernel, normal, profile, sameConv2d, scope } from "./index.js";
import { onCpu } from "./on-cpu.fixture.js";

describe("a profile", () => {
  it("counts operators by shape and splits their time", () => {
    const a = normal([8, 16], 1);
    const b = normal([8, 16], 2);
    const operators = profile(() => {
      for (let turn = 0; turn < 3; turn++) scope(() => a.mul(b).relu());
    });
    const product = operators.find(({ name }) => name === "aten::mul")!;
    expect(product).toMatchObject({ shapes: "[8, 16] [8, 16]", count: 3 });
    expect(product.selfMs).toBeGreaterThan(0);
    const call = operators.find(({ name }) => name === "smash::mul")!;
    expect(call.totalMs).toBeGreaterThanOrEqual(product.totalMs);
    expect(call.selfMs).toBeLessThan(call.totalMs);
  });

  it(
    "tells kernels from calls, nodes, views, allocation and copies",
    onCpu(() => {
      const x = normal([2, 4, 8, 8], 1).channelsLast();
      const weight = normal([4, 4, 3, 3], 2).requireGrad();
      const names = profile(() => {
        scope(() => sameConv2d(x, weight).narrow(0, 0, 1).clone().exp().sum().backward());
      }).map(({ name }) => name);
      const kernels = names.filter(isKernel);
      expect(kernels).toEqual(
        expect.arrayContaining(["kernel::convForward", "kernel::convBackward", "aten::exp", "aten::sum"]),
      );
      const others = names.filter((name) => !isKernel(name));
      expect(others).toEqual(
        expect.arrayContaining([
          "smash::sameConv2d",
          "smash::backward",
          "aten::narrow",
          "aten::clone",
          "aten::empty",
        ]),
      );
      expect(others.filter((name) => name.startsWith("kernel::"))).toEqual([]);
    }),
  );

  it("is off outside, and after an error", () => {
    expect(() =>
      profile(() => {
        throw new Error("stop");
      }),
    ).toThrow("stop");
    scope(() => normal([2, 2], 1).relu());
    expect(profile(() => undefined)).toEqual([]);
  });
});
