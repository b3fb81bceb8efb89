import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MemoryBankArchitecture, Block } from "../architecture.js";
import { encodeArchitecture } from "../encode.js";
import { nonEmptyBanks } from "../memory-banks.js";
import { perturbArchitecture } from "../perturb.js";
import { Random } from "../../random.js";
import { goodSettings, v1, v2 } from "../space.fixture.js";
import type { MemoryBankSettings } from "../space.js";
import { validateArchitecture } from "../validate.js";
import { referenceArchitecture, referenceNames } from "./index.js";
import { widenSettings } from "./wide-resnet.js";

/** Narrow enough that the widest layer takes a whole block, so that all four fit. */
const narrow: MemoryBankSettings = {
  ...v1,
  baseChannels: 8,
  maxUnits: 64,
  depthCompression: 2,
  depth: 6,
  width: 2,
};
const spaces: readonly (readonly [string, MemoryBankSettings])[] = [
  ["banks of N channels", narrow],
  ["banks of several sizes", { ...v2, width: 2, depth: 6 }],
  ["one bank a column", { ...narrow, baseChannels: 4, maxUnits: 60, depthCompression: 1, width: 3 }],
];

/** Channels as numbers: which ones the banks cover. */
function channels(banks: readonly number[], { bankChannels }: Block): number[] {
  return banks.flatMap((bank) => Array.from({ length: bankChannels }, (_, at) => bank * bankChannels + at));
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

describe.each(spaces)("in a space with %s", (_, settings) => {
  test("a residual block is one lane that every layer reads and adds to", () => {
    for (const block of referenceArchitecture("resnet", settings).blocks) {
      const all = upTo(block.inputChannels);
      for (const layer of block.layers) {
        expect(channels(layer.reads, block)).toEqual(all);
        expect(channels(layer.writes, block)).toEqual(all);
        expect(layer.units).toBe(all.length);
      }
      expect(block.layers).toHaveLength(settings.depth);
    }
  });

  test("a dense layer reads everything and writes the next empty channels", () => {
    for (const block of referenceArchitecture("densenet", settings).blocks) {
      const growth = settings.baseChannels * settings.depthCompression;
      for (const [index, layer] of block.layers.entries()) {
        const filled = nonEmptyBanks(block, index) * block.bankChannels;
        expect(channels(layer.reads, block)).toEqual(upTo(filled));
        expect(channels(layer.writes, block)).toEqual(upTo(growth).map((at) => filled + at));
      }
      expect(block.layers.length).toBeGreaterThan(1);
    }
  });

  test("a fractal block joins columns of 1, 2, 4 … layers wherever they meet", () => {
    for (const block of referenceArchitecture("fractalnet", settings).blocks) {
      // Lanes by their first channel; of each, the lengths of all paths from the block's input.
      const paths = new Map([[0, [0]]]);
      for (const layer of block.layers) {
        const [from, to] = [layer.reads, layer.writes].map((banks) => channels(banks, block)[0]);
        expect(from).toBeLessThan(to);
        const longer = paths.get(from)!.map((length) => length + 1);
        paths.set(to, [...(paths.get(to) ?? []), ...longer]);
      }
      const depths = [...paths.values()].map((lengths) => Math.max(...lengths));
      const deepest = paths.size - 1;
      expect(depths).toEqual(upTo(paths.size));
      expect(Math.log2(deepest) % 1).toBe(0);
      expect(deepest).toBeGreaterThanOrEqual(2);
      // f(1) = {1}; f(c + 1) = all pairs of paths of f(c) one after the other, and one layer beside them.
      let lengths = [1];
      for (let columns = 1; 2 ** (columns - 1) < deepest; columns++) {
        lengths = [...lengths.flatMap((first) => lengths.map((second) => first + second)), 1];
      }
      const last = [...paths.keys()].sort((a, b) => a - b).at(-1)!;
      expect(paths.get(last)!.sort()).toEqual(lengths.sort());
      // The columns have deepest, deepest / 2, … 1 layers.
      expect(block.layers).toHaveLength(2 * deepest - 1);
    }
  });

  test.each(referenceNames)("%s lies in it, so that it can be encoded and perturbed", (name) => {
    const own = name === "wide-resnet" ? widenSettings(settings) : settings;
    const architecture = referenceArchitecture(name, settings);
    validateArchitecture(architecture, own);
    encodeArchitecture(architecture, own);
    validateArchitecture(perturbArchitecture(architecture, own, Random.stream(1)), own);
  });
});

test("a residual block is one bank where the space has banks of that size, or has no place for it", () => {
  const banks = ({ blocks }: MemoryBankArchitecture) =>
    blocks.map((block) => block.inputChannels / block.bankChannels);
  expect(banks(referenceArchitecture("resnet", spaces[1][1]))).toEqual([1, 1, 1]);
  expect(banks(referenceArchitecture("resnet", v1))).toEqual([1, 1, 1]);
  expect(() => validateArchitecture(referenceArchitecture("resnet", v1), v1)).toThrow("inputChannels: is 48");
});

test("a wide residual network is four times as wide as the residual one and half as deep", () => {
  const [plain, wide] = [
    referenceArchitecture("resnet", narrow),
    referenceArchitecture("wide-resnet", narrow),
  ].map(({ blocks }) => blocks);
  expect(wide[0].inputChannels).toBe(4 * plain[0].inputChannels);
  for (const [index, block] of wide.entries()) {
    expect(block.layers).toHaveLength(plain[index].layers.length / 2);
  }
});

test("in any space every reference network is valid", () => {
  fc.assert(
    fc.property(goodSettings, fc.constantFrom(...referenceNames), (settings, name) => {
      validateArchitecture(referenceArchitecture(name, settings));
    }),
    { numRuns: 1000 },
  );
});
