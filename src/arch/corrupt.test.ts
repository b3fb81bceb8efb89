import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../random.js";
import type { Architecture } from "./any-architecture.js";
import type { MemoryBankArchitecture } from "./architecture.js";
import { corruptArchitecture, corruptions, type CorruptionOptions } from "./corrupt.js";
import { createSpace } from "./create-space.js";
import { encodeArchitecture } from "./encode.js";
import { nonEmptyBanks } from "./memory-banks.js";
import { formatCell, pruneCell } from "./nas-bench-201/cell.js";
import { sampled, v1, v2 } from "./space.fixture.js";
import { sampleArchitecture } from "./sample.js";
import { validateArchitecture } from "./validate.js";

function memoryBanks(architecture: Architecture): MemoryBankArchitecture {
  if (architecture.space !== "memory-banks") throw new Error("another space");
  return architecture;
}

const convolutionsOf = (architecture: Architecture) =>
  memoryBanks(architecture).blocks.flatMap(({ layers }) =>
    layers.flatMap(({ convolutions }) => convolutions),
  );

describe("a wrong description of memory banks", () => {
  it("is a valid architecture whose encoding has the same shape and other content, in any space", () => {
    fc.assert(
      fc.property(
        sampled,
        fc.nat(),
        fc.integer({ min: 1, max: 20 }),
        ({ settings, architecture }, seed, elements) => {
          const options = { random: Random.stream(seed), elements };
          const corrupted = corruptArchitecture(architecture, settings, options);
          expect(corrupted.elements).toBeLessThanOrEqual(elements);
          if (corrupted.architecture.space !== "memory-banks") throw new Error("another space");
          validateArchitecture(corrupted.architecture, settings);
          const [right, wrong] = [architecture, corrupted.architecture].map((one) =>
            encodeArchitecture(one, settings),
          );
          expect(wrong.layers).toEqual(right.layers);
          if (corrupted.elements > 0) expect(wrong.data).not.toEqual(right.data);
          else expect(wrong.data).toEqual(right.data);
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each(corruptions)("can be wrong in %s alone", (kind) => {
    const architecture = sampleArchitecture(v1, Random.stream(3));
    const options = { random: Random.stream(1), kinds: [kind] };
    const { architecture: wrong, elements } = corruptArchitecture(architecture, v1, options);
    if (wrong.space !== "memory-banks") throw new Error("another space");
    const fields = { dilation: "convolutions", reads: "reads", writes: "writes", units: "units" } as const;
    let differing = 0;
    for (const [block, { layers }] of architecture.blocks.entries()) {
      for (const [index, layer] of layers.entries()) {
        const other = wrong.blocks[block].layers[index];
        for (const field of Object.values(fields)) {
          const isEqual = JSON.stringify(layer[field]) === JSON.stringify(other[field]);
          if (field === fields[kind]) differing += isEqual ? 0 : 1;
          else expect(isEqual, field).toBe(true);
        }
      }
    }
    expect(differing).toBe(elements);
    expect(elements).toBeGreaterThan(1);
  });

  it("has another dilation on every axis of every convolution whose kernel leaves a choice", () => {
    const architecture = sampleArchitecture(v2, Random.stream(4));
    const random = Random.stream(1);
    const wrong = corruptArchitecture(architecture, v2, { random, kinds: ["dilation"] }).architecture;
    const [own, others] = [architecture, wrong].map(convolutionsOf);
    expect(own.length).toBeGreaterThan(20);
    for (const [index, { kernel, dilation }] of own.entries()) {
      for (const side of [0, 1]) {
        // Twice 7 - 1 pixels, and one, is more than 9.
        if (kernel[side] === 7) expect(others[index].dilation[side]).toBe(1);
        else expect(others[index].dilation[side]).not.toBe(dilation[side]);
      }
    }
  });

  it("reads, and writes again, as few of the right banks as can be, and any of the filled others", () => {
    const settings = { ...v1, depth: 2 };
    const architecture = sampleArchitecture(settings, Random.stream(3));
    const lists = ({ blocks }: MemoryBankArchitecture) =>
      blocks.flatMap((block) =>
        block.layers.flatMap(({ reads, writes }, index) => {
          const filled = nonEmptyBanks(block, index);
          return [reads, writes].map((banks) => ({ filled, banks: banks.filter((bank) => bank < filled) }));
        }),
      );
    const right = lists(architecture);
    const seen = right.map(({ banks }) => new Set(banks));
    for (let seed = 0; seed < 300; seed++) {
      const options = { random: Random.stream(seed), kinds: ["reads", "writes"] } as const;
      const wrong = lists(memoryBanks(corruptArchitecture(architecture, settings, options).architecture));
      const kept = wrong.map(
        ({ banks }, at) => banks.filter((bank) => right[at].banks.includes(bank)).length,
      );
      expect(kept).toEqual(right.map(({ filled, banks }) => Math.max(0, 2 * banks.length - filled)));
      for (const [at, { banks }] of wrong.entries()) for (const bank of banks) seen[at].add(bank);
    }
    // A layer that writes none of the filled banks goes on writing none.
    const all = right.map(({ filled, banks }) => (banks.length > 0 ? filled : 0));
    expect(seen.map(({ size }) => size)).toEqual(all);
  });

  it("has any other units that the banks it writes can hold", () => {
    const settings = { ...v1, depth: 2 };
    const architecture = sampleArchitecture(settings, Random.stream(3));
    const layers = ({ blocks }: MemoryBankArchitecture) => blocks.flatMap((block) => block.layers);
    const seen = layers(architecture).map(({ units }) => new Set([units]));
    for (let seed = 0; seed < 100; seed++) {
      const options = { random: Random.stream(seed), kinds: ["units"] } as const;
      const wrong = memoryBanks(corruptArchitecture(architecture, settings, options).architecture);
      for (const [at, { units }] of layers(wrong).entries()) seen[at].add(units);
    }
    // Banks of 6 channels, and at most 42 units.
    const counts = layers(architecture).map(({ writes }) => Math.min(writes.length, 7));
    expect(Math.max(...counts)).toBeGreaterThan(2);
    expect(seen.map(({ size }) => size)).toEqual(counts);
  });

  it("is wrong in everything unless told in how much, and then each part has its turn", () => {
    const architecture = sampleArchitecture(v2, Random.stream(3));
    const elements = (options: Partial<CorruptionOptions> = {}) =>
      corruptArchitecture(architecture, v2, { random: Random.stream(1), ...options }).elements;
    const all = corruptions.map((kind) => elements({ kinds: [kind] })).reduce((sum, count) => sum + count);
    expect(elements()).toBe(all);
    const changed = new Set<string>();
    for (let seed = 0; seed < 10 * all; seed++) {
      const options = { random: Random.stream(seed), elements: 1 };
      const { blocks } = memoryBanks(corruptArchitecture(architecture, v2, options).architecture);
      for (const [at, block] of architecture.blocks.entries()) {
        for (const [index, layer] of block.layers.entries()) {
          for (const name of ["convolutions", "reads", "writes", "units"] as const) {
            if (blocks[at].layers[index][name] !== layer[name]) changed.add(`${at} ${index} ${name}`);
          }
        }
      }
    }
    expect(changed.size).toBe(all);
  });

  it("does not exist in a space without any choice", () => {
    const settings = { ...v1, maxDilation: 1 };
    const architecture = sampleArchitecture(settings, Random.stream(3));
    const options = { random: Random.stream(1), kinds: ["dilation"] } as const;
    expect(corruptArchitecture(architecture, settings, options)).toEqual({ architecture, elements: 0 });
  });
});

describe("a wrong description of a cell", () => {
  const settings = {
    name: "nas-bench-201",
    channels: 4,
    cells: 1,
    sampling: "uniform",
    input: { channels: 3, size: 8 },
    classes: 10,
  } as const;

  it("has as many other edges as asked, and computes something else", () => {
    const space = createSpace(settings);
    for (let seed = 0; seed < 200; seed++) {
      const cell = space.sample(Random.stream(seed));
      const elements = 1 + (seed % 6);
      const { architecture } = corruptArchitecture(cell, settings, {
        random: Random.stream(seed, "x"),
        elements,
      });
      if (cell.space !== "nas-bench-201" || architecture.space !== "nas-bench-201")
        throw new Error("another space");
      expect(architecture.cell.filter((operation, edge) => operation !== cell.cell[edge])).toHaveLength(
        elements,
      );
      expect(formatCell(pruneCell(architecture.cell))).not.toBe(formatCell(pruneCell(cell.cell)));
    }
  });

  it("is wrong in all six edges unless told in how many, and may be told in none", () => {
    const cell = createSpace(settings).sample(Random.stream(1));
    const wrong = corruptArchitecture(cell, settings, { random: Random.stream(2) });
    expect(wrong.elements).toBe(6);
    const none = corruptArchitecture(cell, settings, { random: Random.stream(2), elements: 0 });
    expect(none).toEqual({ architecture: cell, elements: 0 });
  });
});
