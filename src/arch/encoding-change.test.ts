import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../random.js";
import type { Architecture } from "./any-architecture.js";
import { createSpace } from "./create-space.js";
import { encode, encodingChange } from "./encoding-change.js";
import { buildCellArchitecture } from "./nas-bench-201/cell-settings.js";
import { parseCell } from "./nas-bench-201/cell.js";
import type { SpaceSettings } from "./search-space.js";
import { encodeArchitecture } from "./encode.js";
import { perturbArchitecture } from "./perturb.js";
import { sampleArchitecture } from "./sample.js";
import { cells, sampled, v1 } from "./space.fixture.js";

/** The encoding of `from` with the change to `to` added. */
function changed(from: Architecture, to: Architecture, settings: SpaceSettings) {
  const { data } = encode(from, settings);
  const change = encodingChange(from, to, settings);
  return data.map((value, entry) => value + change.data[entry]);
}

const slices = (architecture: Architecture) =>
  architecture.space === "nas-bench-201"
    ? []
    : architecture.blocks.map(({ bankChannels, layers }) =>
        layers.map(({ reads }) => bankChannels * reads.length),
      );

describe("the encoding of a cell", () => {
  it("has a one for the operation of every edge, edge by edge, and none where nothing reaches the output", () => {
    const cell = parseCell("nor_conv_3x3~0|avg_pool_3x3~0+none~1|nor_conv_1x1~0+none~1+skip_connect~2");
    const { shape, data } = encode(buildCellArchitecture(cells, cell), cells);
    expect(shape).toEqual([30]);
    expect(Array.from({ length: 6 }, (_, edge) => data.slice(5 * edge, 5 * edge + 5).join(""))).toEqual([
      "10000", // 0-1 ends at node 1
      "00001",
      "10000",
      "00100",
      "10000",
      "01000",
    ]);
  });
});

describe("the change of an encoding", () => {
  it("added to it gives the other cell's encoding", () => {
    const space = createSpace(cells);
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const [from, to] = [0, 1].map((index) => space.sample(Random.stream(seed, index)));
        expect(changed(from, to, cells)).toEqual(encode(to, cells).data);
      }),
    );
  });

  it("added to it gives the perturbed one's, where every layer reads as much as before", () => {
    let same = 0;
    fc.assert(
      fc.property(sampled, ({ settings, architecture, seed }) => {
        const perturbed = createSpace(settings).perturb(architecture, Random.stream(seed, "perturb"));
        if (String(slices(perturbed)) !== String(slices(architecture))) return;
        same++;
        const { data } = encode(perturbed, settings);
        // Comparing such long arrays with toEqual takes most of a minute.
        expect(changed(architecture, perturbed, settings).findIndex((value, at) => value !== data[at])).toBe(
          -1,
        );
        expect(data.length).toBe(encode(architecture, settings).data.length);
      }),
      { seed: 1, numRuns: 200 },
    );
    expect(same).toBeGreaterThan(20);
  });

  it("is told on a layer's own columns, where earlier layers read more or less than before", () => {
    let moved = 0;
    for (let seed = 0; seed < 10; seed++) {
      const [from, other] = [sampleArchitecture(v1, Random.stream(seed)), Random.stream(seed, "perturb")];
      const to = perturbArchitecture(from, v1, other, { probability: 0.3 });
      const [before, after] = [from, to].map((architecture) => encodeArchitecture(architecture, v1));
      const { data } = encodingChange(from, to, v1);
      const wrong = before.layers.flatMap(({ start, end }, index) => {
        const target = after.layers[index].start;
        if (target !== start) moved++;
        return Array.from({ length: before.channels * before.height }, (_, row) => row).filter((row) => {
          const [first, last] = [row * before.length + start, row * before.length + end - 1];
          const expected = after.data[row * after.length + target];
          return [first, last].some((at) => before.data[at] + data[at] !== expected);
        });
      });
      expect(wrong).toEqual([]);
    }
    expect(moved).toBeGreaterThan(10);
  });

  it("has the origin's shape, and is nothing between an architecture and itself", () => {
    fc.assert(
      fc.property(sampled, ({ settings, architecture, seed }) => {
        const perturbed = createSpace(settings).perturb(architecture, Random.stream(seed, "perturb"));
        const { shape, data } = encode(architecture, settings);
        expect(encodingChange(architecture, perturbed, settings).shape).toEqual(shape);
        expect(data).toHaveLength(shape.reduce((product, length) => product * length));
        expect(encodingChange(architecture, architecture, settings).data.some((value) => value !== 0)).toBe(
          false,
        );
      }),
    );
  });

  it("is refused between architectures of different layers", () => {
    const space = createSpace(v1);
    const counts = (architecture: Architecture) => String(slices(architecture).map(({ length }) => length));
    const from = space.sample(Random.stream(0, "from"));
    const other = Array.from({ length: 20 }, (_, seed) => space.sample(Random.stream(seed, "to"))).find(
      (architecture) => counts(architecture) !== counts(from),
    );
    expect(() => encodingChange(from, other!, v1)).toThrow("same number of layers");
  });
});
