import fc from "fast-check";
import { expect, test } from "vitest";
import { SmashError } from "../errors.js";
import { Random } from "../random.js";
import { nonEmptyBanks } from "./memory-banks.js";
import { parseMemoryBanks } from "./parse.js";
import { sampleArchitecture } from "./sample.js";
import { blockLimits } from "./space.js";
import { anySettings, sampled, smallest, v1 } from "./space.fixture.js";
import { validateArchitecture } from "./validate.js";

test("any settings are either rejected with a message or always give valid architectures", () => {
  const outcomes = { rejected: 0, sampled: 0 };
  fc.assert(
    fc.property(anySettings, fc.nat(), (settings, seed) => {
      let architecture;
      try {
        architecture = sampleArchitecture(settings, Random.stream(seed));
      } catch (error) {
        if (!(error instanceof SmashError) || error.code !== "config") throw error;
        outcomes.rejected++;
        return;
      }
      outcomes.sampled++;
      validateArchitecture(architecture, settings);
    }),
    { numRuns: 6000 },
  );
  expect(outcomes.rejected).toBeGreaterThan(1000);
  expect(outcomes.sampled).toBeGreaterThan(1000);
});

function lowestCommonMultiple(a: number, b: number): number {
  return Array.from({ length: b }, (_, index) => (index + 1) * a).find((multiple) => multiple % b === 0)!;
}

test("a sampled architecture uses at least one slice of every block and never more than its share of the budget", () => {
  fc.assert(
    fc.property(
      sampled,
      fc.double({ min: 0.3, max: 1, noNaN: true }),
      ({ settings, seed }, budgetFraction) => {
        const architecture = sampleArchitecture(settings, Random.stream(seed), { budgetFraction });
        for (const [index, { sliceBudget }] of blockLimits(settings).entries()) {
          const { layers, bankChannels } = architecture.blocks[index];
          const sliceChannels = settings.baseChannels * settings.depthCompression;
          const reads = layers.flatMap((layer) => layer.reads);
          const slices = (reads.length * bankChannels) / sliceChannels;
          // What is left would not fill banks of this size.
          const unused = lowestCommonMultiple(bankChannels, sliceChannels) / sliceChannels - 1;
          expect(slices).toBeGreaterThanOrEqual(Math.max(Math.floor(0.3 * sliceBudget) - unused, 1));
          expect(slices).toBeLessThanOrEqual(Math.max(Math.floor(budgetFraction * sliceBudget), 1));
        }
      },
    ),
    { numRuns: 1000 },
  );
});

test("a layer writes the banks its units fill, or up to half of the non-empty ones", () => {
  fc.assert(
    fc.property(sampled, ({ architecture }) => {
      for (const block of architecture.blocks) {
        for (const [index, layer] of block.layers.entries()) {
          const filled = layer.units / block.bankChannels;
          const most = Math.max(Math.floor(nonEmptyBanks(block, index) / 2), filled);
          expect(layer.writes.length).toBeGreaterThanOrEqual(filled);
          expect(layer.writes.length).toBeLessThanOrEqual(most);
        }
      }
    }),
    { numRuns: 1000 },
  );
});

test("every choice of a space is drawn sooner or later", () => {
  const random = Random.stream(1);
  const layers = Array.from({ length: 200 }, () => sampleArchitecture(v1, random)).flatMap(({ blocks }) =>
    blocks.flatMap((block) => block.layers),
  );
  const seen = (values: number[]) => [...new Set(values)].sort((a, b) => a - b);
  expect(seen(layers.map((layer) => layer.units))).toEqual([6, 12, 18, 24, 30, 36, 42]);
  expect(seen(layers.map((layer) => layer.convolutions[0].dilation[0]))).toEqual([1, 2, 3]);
  expect(seen(layers.flatMap((layer) => layer.reads))).toHaveLength(32);
  expect(seen(layers.flatMap((layer) => layer.writes))).toHaveLength(32);
});

test("few banks are written more often than many", () => {
  const random = Random.stream(2);
  const surplus = [0, 0, 0];
  for (let run = 0; run < 100; run++) {
    const { layers } = sampleArchitecture({ ...v1, maxUnits: 6 }, random).blocks[0];
    for (const { writes } of layers) if (writes.length <= 3) surplus[writes.length - 1]++;
  }
  expect(surplus[0]).toBeGreaterThan(2 * surplus[1]);
  expect(surplus[1]).toBeGreaterThan(2 * surplus[2]);
});

test("the same seed gives the same architecture, another seed another one", () => {
  const draw = (seed: number) => sampleArchitecture(v1, Random.stream(seed));
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
});

test("a sampled architecture survives its file", () => {
  const architecture = sampleArchitecture(v1, Random.stream(3));
  expect(parseMemoryBanks(JSON.parse(JSON.stringify(architecture)))).toEqual(architecture);
});

test("a budget fraction outside .3 to 1 is rejected", () => {
  for (const budgetFraction of [0.2, 1.1, NaN]) {
    expect(() => sampleArchitecture(smallest, Random.stream(1), { budgetFraction })).toThrow(
      "budgetFraction",
    );
  }
});
