import { describe, expect, it } from "vitest";
import { normal, ones, scope, setThreads, zeros } from "../tensor/index.js";
import { loadState } from "./index.js";

setThreads(2);

const mismatch = (message: RegExp): unknown =>
  expect.objectContaining({ code: "checkpoint", message: expect.stringMatching(message) as string });

describe("loading a state", () => {
  it("copies values by name, whatever the order and the layout", () => {
    scope(() => {
      const source = normal([2, 3, 2, 2], 1);
      const target = zeros([2, 3, 2, 2]).channelsLast().requireGrad();
      const bias = zeros([1]);
      const targets = new Map([
        ["weight", target],
        ["bias", bias],
      ]);
      const sources = new Map([
        ["bias", ones([1])],
        ["weight", source],
      ]);
      loadState(targets, sources);
      expect(target.toArray()).toEqual(source.toArray());
      expect(target.isChannelsLast).toBe(true);
      expect(bias.item()).toBe(1);
    });
  });

  it("says which names are missing and which are unknown, and changes nothing", () => {
    scope(() => {
      const a = zeros([1]);
      const target = new Map([
        ["a", a],
        ["b", zeros([1])],
      ]);
      const source = new Map(["a", "c", "d", "e", "f"].map((name) => [name, ones([1])]));
      expect(() => loadState(target, source)).toThrow(
        mismatch(/not saved: b; .*unknown here: c, d, e and 1 more\./),
      );
      expect(a.item()).toBe(0);
    });
  });

  it("says which shapes and types differ", () => {
    scope(() => {
      const target = new Map([["a", zeros([2, 3])]]);
      const load = (source: ReturnType<typeof ones>) => () => loadState(target, new Map([["a", source]]));
      expect(load(ones([3]))).toThrow(mismatch(/a \(saved float32 \[3\], here float32 \[2, 3\]\)/));
      expect(load(ones([2, 3], { dtype: "float64" }))).toThrow(mismatch(/saved float64 \[2, 3\]/));
    });
  });
});
