import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../random.js";
import { corruptArchitecture, corruptions } from "./corrupt.js";
import { createSpace } from "./create-space.js";
import { encodeArchitecture } from "./encode.js";
import { formatCell, pruneCell } from "./nas-bench-201/cell.js";
import { sampled, v1 } from "./space.fixture.js";
import { sampleArchitecture } from "./sample.js";
import { validateArchitecture } from "./validate.js";

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
});
