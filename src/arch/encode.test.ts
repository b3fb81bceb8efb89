import fc from "fast-check";
import { expect, test } from "vitest";
import { Random } from "../random.js";
import { encodeArchitecture } from "./encode.js";
import type { EncodedArchitecture } from "./encode.js";
import { encodingLayout } from "./encoding-layout.js";
import { perturbArchitecture } from "./perturb.js";
import { sampleArchitecture } from "./sample.js";
import { buildLayer } from "./layer-choices.js";
import { sampled, smallest, v1 } from "./space.fixture.js";

test("channels follow the author's order, and choices with one option have none", () => {
  expect(encodingLayout(v1)).toEqual({
    channels: 77,
    height: 7,
    columnChannels: 18,
    ranges: [
      { name: "reads", start: 0, end: 32 },
      { name: "writes", start: 32, end: 64 },
      { name: "block", start: 64, end: 67 },
      { name: "units", start: 67, end: 74 },
      { name: "dilation", start: 74, end: 77 },
    ],
  });
  expect(encodingLayout(smallest).ranges.map((range) => range.name)).toEqual(["reads", "writes", "block"]);
});

/** Every channel as its k rows of L columns, "#" for active and "." for background. */
function drawRows({ channels, height, length, data }: EncodedArchitecture): string[] {
  return Array.from({ length: channels }, (_, channel) =>
    Array.from({ length: height }, (_, row) => {
      const start = (channel * height + row) * length;
      return Array.from(data.subarray(start, start + length), (value) => (value === 1 ? "#" : ".")).join("");
    }).join(" "),
  );
}

test("a small architecture is encoded as worked out by hand", () => {
  const settings = { ...smallest, maxUnits: 4, depthCompression: 1, maxDilation: 2 };
  const sampledOne = sampleArchitecture(settings, Random.stream(1));
  const layers = [
    [
      { reads: [0, 1], writes: [2], units: 2, dilation: 2 },
      { reads: [2], writes: [1, 3], units: 4, dilation: 1 },
    ],
    [{ reads: [1], writes: [0], units: 2, dilation: 1 }],
    [{ reads: [0], writes: [0, 2], units: 4, dilation: 2 }],
  ];
  const architecture = {
    ...sampledOne,
    blocks: sampledOne.blocks.map((block, index) => ({
      ...block,
      layers: layers[index].map((choices) => buildLayer(settings, choices)),
    })),
  };
  const encoded = encodeArchitecture(architecture, settings);
  expect(encoded.layers).toEqual([
    { block: 0, layer: 0, start: 0, end: 2 },
    { block: 0, layer: 1, start: 2, end: 3 },
    { block: 1, layer: 0, start: 3, end: 4 },
    { block: 2, layer: 0, start: 4, end: 5 },
  ]);
  const none = "..... .....";
  // The first row of units, then the second, of which only the layers with 4 units use the columns.
  expect(drawRows(encoded)).toEqual([
    "##..# ....#", // reads bank 0
    "##.#. .....",
    "..#.. ..#..",
    ...Array<string>(5).fill(none),
    "...## ....#", // writes bank 0
    "..#.. ..#..",
    "##..# ....#",
    "..#.. ..#..",
    ...Array<string>(4).fill(none),
    "###.. ..#..", // block 0
    "...#. .....",
    "....# ....#",
    "##.#. .....", // 2 units
    "..#.# ..#.#", // 4 units
    "..##. ..#..", // dilation 1
    "##..# ....#", // dilation 2
  ]);
});

test("columns are read in whole slices and filled up to the layer's units, and only there", () => {
  fc.assert(
    fc.property(sampled, ({ settings, architecture }) => {
      const encoded = encodeArchitecture(architecture, settings);
      const { channels, height, length, data } = encoded;
      const { ranges, columnChannels } = encodingLayout(settings);
      const block = ranges.find((range) => range.name === "block")!;
      expect(data).toHaveLength(channels * height * length);
      expect(data.every((value) => value === 1 || value === -1)).toBe(true);
      let next = 0;
      for (const { block: index, layer: position, start, end } of encoded.layers) {
        const layer = architecture.blocks[index].layers[position];
        expect(start).toBe(next);
        expect((end - start) * columnChannels).toBe(layer.reads.length * settings.baseChannels);
        const values = Array.from({ length: height }, (_, row) => {
          const offset = ((block.start + index) * height + row) * length;
          return [...new Set(data.subarray(offset + start, offset + end))];
        });
        const rows = layer.units / settings.baseChannels;
        expect(values).toEqual(values.map((_, row) => [row < rows ? 1 : -1]));
        next = end;
      }
      expect(next).toBe(length);
    }),
    { numRuns: 250 },
  );
});

test("different architectures have different encodings", () => {
  const text = ({ length, data }: EncodedArchitecture) =>
    `${length}:${Buffer.from(data.buffer).toString("latin1")}`;
  fc.assert(
    fc.property(sampled, fc.boolean(), ({ settings, architecture, seed }, isPerturbed) => {
      const random = Random.stream(seed, "other");
      const other = isPerturbed
        ? perturbArchitecture(architecture, settings, random, { probability: 1e-9 })
        : sampleArchitecture(settings, random);
      const isSame = JSON.stringify(architecture) === JSON.stringify(other);
      const hasSameEncoding =
        text(encodeArchitecture(architecture, settings)) === text(encodeArchitecture(other, settings));
      expect(hasSameEncoding).toBe(isSame);
    }),
    { numRuns: 600 },
  );
});

test("an architecture of another space is not encoded", () => {
  const architecture = sampleArchitecture(v1, Random.stream(1));
  expect(() => encodeArchitecture(architecture, { ...v1, depthCompression: 2 })).toThrow("in this space");
});
