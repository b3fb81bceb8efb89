import fc from "fast-check";
import { expect, test } from "vitest";
import { Random } from "../random.js";
import type { MemoryBankArchitecture } from "./architecture.js";
import { encodeArchitecture } from "./encode.js";
import type { EncodedArchitecture } from "./encode.js";
import { encodingLayout } from "./encoding-layout.js";
import { perturbArchitecture } from "./perturb.js";
import { sampleArchitecture } from "./sample.js";
import { bottleneckChannels } from "./space.js";
import type { MemoryBankSettings } from "./space.js";
import { sampled, smallest, v1, v2 } from "./space.fixture.js";

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
  // A stem this wide makes the first block the widest: 2 * 6 * 20 + 2 * 48 channels are 56 banks.
  expect(encodingLayout({ ...v1, stemWidth: 20 }).ranges[1]).toEqual({ name: "writes", start: 56, end: 112 });
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
      layers: layers[index].map(({ dilation, ...choices }) => ({
        ...choices,
        bottleneck: bottleneckChannels(settings, 2 * choices.reads.length, choices.units),
        convolutions: [{ ...block.layers[0].convolutions[0], dilation: [dilation, dilation] as const }],
        gates: [],
      })),
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
        const { bankChannels } = architecture.blocks[index];
        expect((end - start) * columnChannels).toBe(layer.reads.length * bankChannels);
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

/** The same network with banks of N channels throughout. */
function inBaseBanks(architecture: MemoryBankArchitecture, baseChannels: number): MemoryBankArchitecture {
  const blocks = architecture.blocks.map(({ bankChannels, inputChannels, layers }) => {
    const multiple = bankChannels / baseChannels;
    const split = (banks: readonly number[]) =>
      banks.flatMap((bank) => Array.from({ length: multiple }, (_, part) => bank * multiple + part));
    const changed = layers.map((layer) => ({
      ...layer,
      reads: split(layer.reads),
      writes: split(layer.writes),
    }));
    return { bankChannels: baseChannels, inputChannels, layers: changed };
  });
  return { ...architecture, blocks };
}

test("architectures have the same encoding only if they are the same network", () => {
  const text = ({ length, data }: EncodedArchitecture) =>
    `${length}:${Buffer.from(data.buffer).toString("latin1")}`;
  fc.assert(
    fc.property(sampled, fc.boolean(), ({ settings, architecture, seed }, isPerturbed) => {
      const random = Random.stream(seed, "other");
      const other = isPerturbed
        ? perturbArchitecture(architecture, settings, random, { probability: 1e-9 })
        : sampleArchitecture(settings, random);
      const [one, two] = [architecture, other].map((value) => inBaseBanks(value, settings.baseChannels));
      const isSame = JSON.stringify(one) === JSON.stringify(two);
      const hasSameEncoding =
        text(encodeArchitecture(architecture, settings)) === text(encodeArchitecture(other, settings));
      expect(hasSameEncoding).toBe(isSame);
    }),
    { numRuns: 600 },
  );
});

test("what is said of convolutions stands in the author's order", () => {
  const { channels, ranges } = encodingLayout(v2);
  const names = [...new Set(ranges.map((range) => range.name))];
  expect(names).toEqual("reads writes block units dilation kernel active gates activation groups".split(" "));
  // 32 + 32 banks, 3 blocks, 8 steps of units; 4 convolutions * 2 axes of 3 dilations and 3 kernels; 4 active, 2 gates;
  // 4 * 3 nonlinearities; groups 1, 2, 4, 8.
  expect(channels).toBe(64 + 3 + 8 + 24 + 24 + 4 + 2 + 12 + 16);
  const dilations = ranges.filter((range) => range.name === "dilation");
  expect(dilations.map(({ position, axis }) => `${position} ${axis}`)).toEqual(
    [0, 1, 2, 3].flatMap((position) => [`${position} height`, `${position} width`]),
  );
});

interface Space {
  readonly settings: MemoryBankSettings;
  readonly kernels: readonly number[];
  readonly activations: readonly string[];
}

/** Of version 2, the second without the smallest kernel and one nonlinearity. */
const spaces: readonly Space[] = [
  { settings: v2, kernels: [3, 5, 7], activations: ["relu", "tanh", "sigmoid"] },
  {
    settings: { ...v2, kernel: 5, maxDilation: 2, activations: ["sigmoid", "relu"] },
    kernels: [5, 7],
    activations: ["sigmoid", "relu"],
  },
];

test("every choice of a version 2 layer is in its columns, and nothing of a convolution that is not there", () => {
  for (let seed = 0; seed < 20; seed++) {
    const { settings, kernels, activations } = spaces[seed % 2];
    const architecture = sampleArchitecture(settings, Random.stream(seed));
    const { data, height, length, layers } = encodeArchitecture(architecture, settings);
    for (const { block, layer: index, start } of layers) {
      const layer = architecture.blocks[block].layers[index];
      const found = encodingLayout(settings).ranges.flatMap(({ name, position, axis, start: first, end }) =>
        Array.from({ length: end - first }, (_, offset) => offset)
          .filter((offset) => data[(first + offset) * height * length + start] === 1)
          .map((offset) => [name, position, axis, offset].filter((part) => part !== undefined).join(" ")),
      );
      const multiple = architecture.blocks[block].bankChannels / settings.baseChannels;
      const bits = (name: string, banks: readonly number[]) =>
        banks.flatMap((bank) =>
          Array.from({ length: multiple }, (_, part) => `${name} ${bank * multiple + part}`),
        );
      const expected = [
        ...bits("reads", layer.reads),
        ...bits("writes", layer.writes),
        `block ${block}`,
        `units ${layer.units / 8 - 1}`,
        ...layer.gates.map((gate) => `gates ${gate}`),
        ...layer.convolutions.flatMap(({ position, kernel, dilation, groups, activation }) => [
          `active ${position}`,
          `dilation ${position} height ${dilation[0] - 1}`,
          `dilation ${position} width ${dilation[1] - 1}`,
          `kernel ${position} height ${kernels.indexOf(kernel[0])}`,
          `kernel ${position} width ${kernels.indexOf(kernel[1])}`,
          `activation ${position} ${activations.indexOf(activation)}`,
          `groups ${position} ${[1, 2, 4, 8].indexOf(groups)}`,
        ]),
      ];
      expect(found.sort()).toEqual(expected.sort());
    }
  }
});

test("an architecture of another space is not encoded", () => {
  const architecture = sampleArchitecture(v1, Random.stream(1));
  expect(() => encodeArchitecture(architecture, { ...v1, depthCompression: 2 })).toThrow("in this space");
});
