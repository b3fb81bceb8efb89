import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../random.js";
import { countCost } from "./any-architecture.js";
import { createSpace } from "./create-space.js";
import { reduceArchitecture, reducedSize } from "./reduce.js";
import { sampleArchitecture } from "./sample.js";
import { cells, sampled, v1 } from "./space.fixture.js";
import { validateArchitecture } from "./validate.js";
import type { MemoryBankArchitecture } from "./architecture.js";

const half = { channels: 0.5, resolution: 0.5 };
const fraction = fc.double({ min: 0.01, max: 1, noNaN: true });

/** What is left of the structure where channels do not count. */
const structureOf = ({ blocks }: MemoryBankArchitecture) =>
  blocks.map(({ layers, bankChannels, inputChannels }) => ({
    inputBanks: inputChannels / bankChannels,
    layers: layers.map(({ reads, writes, units, gates, convolutions }) => ({
      ...{ reads, writes, gates, outputBanks: units / bankChannels },
      convolutions: convolutions.map(({ position, kernel, dilation, activation }) => ({
        ...{ position, kernel, dilation, activation },
      })),
    })),
  }));

describe("a reduced architecture", () => {
  it("of memory banks is valid, of the same structure, and no dearer, whatever the space and the reduction", () => {
    fc.assert(
      fc.property(sampled, fraction, fraction, ({ architecture }, channels, resolution) => {
        const reduced = reduceArchitecture(architecture, { channels, resolution }) as MemoryBankArchitecture;
        validateArchitecture(reduced);
        expect(structureOf(reduced)).toEqual(structureOf(architecture));
        expect(reduced.input.size).toBeLessThanOrEqual(architecture.input.size);
        for (const [block, { bankChannels }] of reduced.blocks.entries())
          expect(bankChannels).toBeLessThanOrEqual(architecture.blocks[block].bankChannels);
      }),
      { numRuns: 1000 },
    );
  });

  it("at half the channels and pixels has about a sixteenth of the work", () => {
    const architecture = sampleArchitecture(v1, Random.stream(3));
    const reduced = reduceArchitecture(architecture, half);
    expect(reduced.input.size).toBe(16);
    const share = countCost(reduced).flops / countCost(architecture).flops;
    expect(share).toBeGreaterThan(0.05);
    expect(share).toBeLessThan(0.08);
  });

  it("of cells has the same cell", () => {
    const space = createSpace(cells);
    const architecture = space.sample(Random.stream(0));
    expect(reduceArchitecture(architecture, half)).toEqual({
      ...{ ...architecture, channels: 8, input: { channels: 3, size: 16 } },
    });
  });

  it("whole stays as it is", () => {
    const architecture = sampleArchitecture(v1, Random.stream(4));
    expect(reduceArchitecture(architecture, { channels: 1, resolution: 1 })).toEqual(architecture);
  });
});

describe("the size of reduced images", () => {
  it.each([
    [32, 0.5, 2, 16],
    [48, 0.5, 2, 24],
    [28, 0.5, 2, 16],
    [28, 0.4, 2, 12],
    [4, 0.5, 2, 4],
    [96, 0.1, 2, 8],
    [32, 1, 2, 32],
  ])("from %i pixels at %f, halved %i times, is %i", (size, resolution, halvings, expected) => {
    expect(reducedSize(size, { channels: 1, resolution }, halvings)).toBe(expected);
  });
});
