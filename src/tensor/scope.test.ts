import { describe, expect, it } from "vitest";
import { full, memoryStats, noGrad, normal, ones, scope, setThreads, zeros } from "./index.js";

setThreads(2);

const live = () => memoryStats().liveTensors;

describe("scope", () => {
  it("frees what is made inside and keeps what it returns, however nested", () => {
    const before = live();
    const kept = scope(() => {
      const x = normal([2], 1);
      x.add(1).mul(2);
      return { tensor: x.neg(), list: [x.exp()], map: new Map([["a", x.abs()]]), other: 3 };
    });
    expect(live()).toBe(before + 3);
    expect(kept.tensor.isDisposed || kept.list[0].isDisposed || kept.map.get("a")!.isDisposed).toBe(false);
    for (const tensor of [kept.tensor, kept.list[0], kept.map.get("a")!]) tensor.dispose();
    expect(live()).toBe(before);
  });

  it("hands what it returns to the scope around it", () => {
    const before = live();
    scope(() => {
      const inner = scope(() => ones([2]).add(1));
      expect(live()).toBe(before + 1);
      expect(inner.toNumbers()).toEqual([2, 2]);
    });
    expect(live()).toBe(before);
  });

  it("leaves tensors of outside alone, also when it returns them", () => {
    const outside = zeros([1]);
    expect(scope(() => outside)).toBe(outside);
    scope(() => outside.add(1));
    expect(outside.item()).toBe(0);
    outside.dispose();
  });

  it("frees everything when its body throws", () => {
    const before = live();
    expect(() =>
      scope(() => {
        ones([2]);
        throw new Error("stop");
      }),
    ).toThrow("stop");
    expect(live()).toBe(before);
  });

  it("frees what backward passes need, but not the gradients of leaves", () => {
    const weight = normal([3], 1).requireGrad();
    const before = live();
    scope(() => weight.mul(weight).sum().backward());
    expect(live()).toBe(before);
    scope(() => expect(weight.grad!.toNumbers()).toEqual(weight.mul(2).toNumbers()));
    weight.dispose();
  });
});

describe("a disposed tensor", () => {
  it("is an error to use, also when its slot holds another one", () => {
    const gone = ones([2]);
    gone.dispose();
    const next = full([2], 5);
    expect(gone.isDisposed).toBe(true);
    expect(() => gone.toArray()).toThrow(/disposed/);
    expect(() => next.add(gone)).toThrow(/disposed/);
    expect(next.toNumbers()).toEqual([5, 5]);
    next.dispose();
  });

  it("may be disposed again", () => {
    const before = live();
    const tensor = ones([2]);
    tensor.dispose();
    tensor.dispose();
    expect(live()).toBe(before);
  });
});

describe("noGrad", () => {
  it("records nothing, and recording goes on after it, whatever happened", () => {
    scope(() => {
      const weight = ones([2]).requireGrad();
      expect(noGrad(() => weight.mul(2)).requiresGrad).toBe(false);
      expect(() =>
        noGrad(() => {
          throw new Error("stop");
        }),
      ).toThrow("stop");
      expect(noGrad(() => noGrad(() => 1) + (weight.mul(2).requiresGrad ? 10 : 0))).toBe(1);
      expect(weight.mul(2).requiresGrad).toBe(true);
      expect(weight.detach().requiresGrad).toBe(false);
    });
  });
});
