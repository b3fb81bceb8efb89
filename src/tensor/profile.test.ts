import { describe, expect, it } from "vitest";
import { normal, profile, scope } from "./index.js";

describe("a profile", () => {
  it("counts operators by shape and splits their time", () => {
    const a = normal([8, 16], 1);
    const b = normal([16, 4], 2);
    const operators = profile(() => {
      for (let turn = 0; turn < 3; turn++) scope(() => a.matmul(b).relu());
    });
    const product = operators.find(({ name }) => name === "aten::mm")!;
    expect(product).toMatchObject({ shapes: "[8, 16] [16, 4]", count: 3 });
    expect(product.selfMs).toBeGreaterThan(0);
    const call = operators.find(({ name }) => name === "smash::matmul")!;
    expect(call.totalMs).toBeGreaterThanOrEqual(product.totalMs);
    expect(call.selfMs).toBeLessThan(call.totalMs);
  });

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
