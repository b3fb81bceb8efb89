import { expect, test } from "vitest";
import { SmashError } from "../errors.js";
import { Random } from "../random.js";
import type { MemoryBankArchitecture, Layer } from "./architecture.js";
import { sampleArchitecture } from "./sample.js";
import { v1, v2 } from "./space.fixture.js";
import type { MemoryBankSettings } from "./space.js";
import { validateArchitecture } from "./validate.js";

const convolution = (position: number): Layer["convolutions"][number] => ({
  position,
  kernel: [3, 5],
  dilation: [1, 2],
  groups: 2,
  activation: "tanh",
});

const layer: Layer = {
  reads: [0, 1],
  writes: [2, 3],
  units: 8,
  bottleneck: 8,
  convolutions: [convolution(0)],
  gates: [],
};

/** One block of 4-channel banks, two of them filled by the input, and this layer. */
function withLayer(change: Partial<Layer>): MemoryBankArchitecture {
  return {
    ...sampleArchitecture(v1, Random.stream(1)),
    blocks: [{ bankChannels: 4, inputChannels: 8, layers: [{ ...layer, ...change }] }],
  };
}

test.each([
  [{}],
  [{ writes: [0, 2, 3] }],
  [{ convolutions: [0, 2].map(convolution), gates: [0] }],
  [{ convolutions: [0, 1].map(convolution) }],
  [{ convolutions: [0, 1, 2].map(convolution) }],
  [{ convolutions: [0, 1, 2, 3].map(convolution), gates: [0, 1] }],
  // The second convolution takes what the first one gave.
  [{ bottleneck: 6, convolutions: [convolution(0), { ...convolution(1), groups: 8 }] }],
])("the whole space is accepted: %j", (change) => {
  validateArchitecture(withLayer(change));
});

test.each<[Partial<Layer>, string]>([
  [
    { reads: [0, 2] },
    "blocks[0].layers[0].reads: a layer reads only banks that the input or an earlier layer",
  ],
  [{ reads: [1, 0] }, "reads: banks are listed once each, in ascending order. Found: 1, 0."],
  [{ reads: [1, 1] }, "reads: banks are listed once each"],
  [
    { writes: [3, 4] },
    "writes: empty banks are filled in order, none is skipped. Found: bank 3, while bank 2",
  ],
  [{ writes: [2, 4] }, "Found: bank 4, while bank 3 is still empty. Fix: Write bank 3 first."],
  [{ writes: [3, 2] }, "writes: banks are listed once each"],
  [{ writes: [2] }, "Found: 1 banks of 4 channels for 8 units."],
  [
    { units: 6 },
    "units are a multiple of the block's bankChannels. Found: units 6, bankChannels 4. Fix: Set units to 8.",
  ],
  [{ convolutions: [0, 3].map(convolution) }, "{0,1,2,3}. Found: {0,3}."],
  [{ convolutions: [1, 0].map(convolution) }, "Found: {1,0}."],
  [{ convolutions: [convolution(1)] }, "Found: {1}."],
  [{ convolutions: [{ ...convolution(0), groups: 3 }] }, "groups 3, 8 channels in, 8 out."],
  [{ bottleneck: 7 }, "convolutions[0].groups: groups divide"],
  [{ bottleneck: 6, convolutions: [{ ...convolution(0), groups: 3 }] }, "groups 3, 6 channels in, 8 out."],
  [{ convolutions: [{ ...convolution(0), kernel: [3, 4] }] }, "kernel sizes are odd"],
  [{ gates: [0] }, "gates are ascending junctions"],
  [{ convolutions: [0, 2].map(convolution), gates: [1, 0] }, "gates are ascending junctions"],
])("a layer with %j is rejected: %s", (change, message) => {
  const validate = () => validateArchitecture(withLayer(change));
  expect(validate).toThrow(SmashError);
  expect(validate).toThrow(message);
});

test("writing to filled banks fills no others", () => {
  const [first, second] = [
    { ...layer, writes: [0, 1] },
    { ...layer, reads: [0, 2] },
  ];
  const architecture = withLayer({});
  const blocks = [{ ...architecture.blocks[0], layers: [first, second] }];
  expect(() => validateArchitecture({ ...architecture, blocks })).toThrow(
    "blocks[0].layers[1].reads: a layer reads only banks that the input or an earlier layer has filled. " +
      "Found: bank 2, while banks 0 to 1 are filled here.",
  );
});

test("sizes that do not divide are rejected", () => {
  const architecture = sampleArchitecture(v1, Random.stream(1));
  const validate = (change: Partial<MemoryBankArchitecture>) => () =>
    validateArchitecture({ ...architecture, ...change });
  expect(validate({ input: { channels: 3, size: 30 } })).toThrow(
    "input.size: the size halves between blocks, so 3 blocks need a multiple of 4 pixels. Found: 30. Fix: Use 32",
  );
  expect(validate({ stem: { kernel: 4 } })).toThrow("stem.kernel: the kernel size is odd");
  const blocks = architecture.blocks.map((block) => ({ ...block, inputChannels: block.inputChannels + 1 }));
  expect(validate({ blocks })).toThrow(
    /a block's input fills whole banks.*Found: inputChannels 49, bankChannels 6\. Fix: Set inputChannels to 54\./,
  );
});

test("membership names the field that does not belong to the space", () => {
  const architecture = sampleArchitecture(v1, Random.stream(1));
  validateArchitecture(architecture, v1);
  const check = (change: object) => () => validateArchitecture(architecture, { ...v1, ...change });
  expect(check({ classes: 100 })).toThrow("classes: is 100 in this space. Found: 10.");
  expect(check({ input: { channels: 1, size: 32 } })).toThrow(
    "input.channels: is 1 in this space. Found: 3.",
  );
  expect(check({ input: { channels: 3, size: 64 } })).toThrow("input.size: is 64");
  expect(check({ stemKernel: 3 })).toThrow("stem.kernel: is 3");
  expect(check({ baseChannels: 3, width: 8 })).toThrow("blocks[0].bankChannels: is 3");
  expect(check({ width: 3 })).toThrow("blocks[0].inputChannels: is 36");
  expect(check({ kernel: 5 })).toThrow("kernel[0]: is 5 in this space. Found: 3.");
  expect(check({ maxUnits: 6 })).toThrow("units: at most 6 units");
  expect(check({ maxDilation: 1 })).toThrow("dilation: at most 1 pixels");
  expect(check({ bottleneck: 1 })).toThrow("bottleneck: is");
  expect(check({ depthCompression: 2 })).toThrow("reads: a layer reads a multiple of 2 banks");
  expect(check({ depth: 1 })).toThrow("slices of 18 channels read by the layers together");
});

test("what the version 1 sampler never draws does not belong to its space", () => {
  const architecture = sampleArchitecture(v1, Random.stream(1));
  const change = (changes: Partial<MemoryBankArchitecture>) => () =>
    validateArchitecture({ ...architecture, ...changes }, v1);
  expect(change({ activationOrder: "post" })).toThrow(
    'activationOrder: is "pre" in this space. Found: "post".',
  );
  expect(change({ batchNorm: "ops" })).toThrow('batchNorm: is "transitions"');
  expect(change({ blocks: architecture.blocks.slice(0, 2) })).toThrow("blocks.length: is 3");
});

const plain = { position: 0, kernel: [3, 3], dilation: [1, 1], groups: 1, activation: "relu" } as const;

/** A block of version 1 begins with 8 banks of 6 channels, has room for 24, and is read in threes. */
const ofV1 = { reads: [0, 1, 2], writes: [8], units: 6, bottleneck: 18, convolutions: [plain] };
/** One of version 2 begins with 8 banks of 8 channels, read in twos. */
const ofV2 = { reads: [0, 1], writes: [8], units: 8, bottleneck: 16, convolutions: [plain] };
const array = { ...v2, gates: false } as const;
const places = (...positions: number[]) => positions.map((position) => ({ ...plain, position }));

/** A sampled architecture with this layer alone in its first block. */
function withFirstLayer(
  settings: MemoryBankSettings,
  first: Omit<Layer, "gates"> & Partial<Layer>,
): MemoryBankArchitecture {
  const { blocks, ...rest } = sampleArchitecture({ ...settings, bankSizes: "base" }, Random.stream(1));
  const block = { ...blocks[0], layers: [{ gates: [], ...first }] };
  return { ...rest, blocks: [block, ...blocks.slice(1)] };
}

test.each([
  ["version 1", v1, ofV1],
  ["version 2", v2, { ...ofV2, convolutions: places(0, 1, 2), gates: [0, 1] }],
  ["one pair", v2, { ...ofV2, convolutions: places(0, 2), gates: [1] }],
] as const)("a layer within every limit belongs to its space: %s", (_, settings, layer) => {
  validateArchitecture(withFirstLayer(settings, layer), settings);
});

const banks = (low: number, high: number) => Array.from({ length: high - low + 1 }, (_, at) => low + at);

test.each<[string, MemoryBankSettings, Omit<Layer, "gates"> & Partial<Layer>, string]>([
  ["a second convolution", v1, { ...ofV1, convolutions: places(0, 1) }, "[1].position: is 0 in this"],
  [
    "an oblong kernel",
    { ...v1, maxKernel: 5 },
    { ...ofV1, convolutions: [{ ...plain, kernel: [3, 5] }] },
    "kernel: is [3,3]",
  ],
  [
    "an oblong dilation",
    v1,
    { ...ofV1, convolutions: [{ ...plain, dilation: [1, 2] }] },
    "dilation: is [1,1] in this space. Found: [1,2].",
  ],
  ["groups", v1, { ...ofV1, convolutions: [{ ...plain, groups: 2 }] }, "groups: is 1 in this"],
  [
    "another nonlinearity",
    v1,
    { ...ofV1, convolutions: [{ ...plain, activation: "tanh" }] },
    'activation: is "relu" in this',
  ],
  [
    "a bank too many",
    v1,
    { ...ofV1, writes: banks(8, 24) },
    "writes: at most 24 banks in this space. Found: 25.",
  ],
  [
    "a wide kernel spread out",
    v2,
    { ...ofV2, convolutions: [{ ...plain, kernel: [3, 7], dilation: [1, 2] }] },
    "dilation: at most 1 pixels for a kernel of 7 in this space. Found: 2.",
  ],
  [
    "a gate where there are none",
    array,
    { ...ofV2, convolutions: places(0, 1, 2), gates: [0] },
    "gates: is [] in this space. Found: [0].",
  ],
  [
    "a gate before the paths have met",
    v2,
    { ...ofV2, convolutions: places(0, 2), gates: [0] },
    "gates: is 1 in this space. Found: 0.",
  ],
])("a layer with %s is valid, but of another space", (_, settings, layer, message) => {
  const architecture = withFirstLayer(settings, layer);
  validateArchitecture(architecture);
  expect(() => validateArchitecture(architecture, settings)).toThrow(message);
});
