import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../random.js";
import {
  BankBuffer,
  batchNorm,
  cat,
  noGrad,
  normal,
  normReluPool2d,
  ones,
  sameConv2d,
  scope,
  setThreads,
  zeros,
  type DType,
  type LayerStep,
  type Tensor,
} from "./index.js";
import { onCpu } from "./on-cpu.fixture.js";

setThreads(2);

interface Layer {
  readonly reads: readonly number[];
  readonly writes: readonly number[];
  readonly units: number;
  readonly relu: boolean;
}

/** A block: its input fills the first banks, its layers read and write, and at its end all banks are read. */
interface Block {
  readonly shape: readonly [number, number, number, number];
  readonly bankChannels: number;
  readonly banks: number;
  readonly layers: readonly Layer[];
}

/** Banks fill in order, and an output of fewer slices than banks written is reused cyclically. */
function randomBlock(random: Random, bankChannels: number, layerCount: number): Block {
  const inputBanks = random.integer(1, 3);
  let occupied = inputBanks;
  const range = (count: number) => Array.from({ length: count }, (_, index) => index);
  const layers = range(layerCount).map((): Layer => {
    const reads = random.subset(range(occupied), random.integer(1, occupied));
    const added = random.subset(range(occupied), random.integer(0, Math.min(3, occupied)));
    const fresh = range(random.integer(added.length === 0 ? 1 : 0, 3)).map((index) => occupied + index);
    const writes = [...added, ...fresh];
    occupied += fresh.length;
    const units = bankChannels * random.integer(1, writes.length);
    return { reads, writes, units, relu: random.bernoulli(0.5) };
  });
  const shape = [
    random.integer(1, 3),
    inputBanks * bankChannels,
    random.integer(1, 5),
    random.integer(1, 5),
  ] as const;
  return { shape, bankChannels, banks: occupied, layers };
}

/** One bank after the other, as the paper's figure has it. */
class PlainBanks {
  readonly #banks: Tensor[] = [];
  readonly #bankChannels: number;

  constructor(input: Tensor, bankChannels: number) {
    this.#bankChannels = bankChannels;
    this.write(
      input,
      Array.from({ length: input.shape[1] / bankChannels }, (_, bank) => bank),
    );
  }

  read(banks: readonly number[], { relu = false } = {}): Tensor {
    const joined = cat(
      banks.map((bank) => this.#banks[bank]),
      1,
    );
    return relu ? joined.relu() : joined;
  }

  readAll(): Tensor {
    return this.read([...this.#banks.keys()]);
  }

  write(value: Tensor, banks: readonly number[]): void {
    const width = this.#bankChannels;
    for (const [index, bank] of banks.entries()) {
      const slice = value.narrow(1, (index * width) % value.shape[1], width);
      const before = this.#banks.at(bank);
      this.#banks[bank] = before ? before.add(slice) : slice;
    }
  }
}

const hasRelu = ({ layers }: Block) => layers.some(({ relu }) => relu);

type Banks = Pick<BankBuffer, "read" | "readAll" | "write">;

/** What a block gives at its end. */
function readAtEnd(block: Block, banks: Pick<BankBuffer, "readAll">): Tensor {
  const all = banks.readAll();
  return hasRelu(block) ? all.relu() : all;
}

function run(block: Block, banks: Banks, weights: readonly Tensor[]): Tensor {
  for (const [index, { reads, writes, relu }] of block.layers.entries()) {
    banks.write(sameConv2d(banks.read(reads, { relu }), weights[index]), writes);
  }
  return readAtEnd(block, banks);
}

interface Placement {
  readonly dtype: DType;
  readonly channelsLast: boolean;
}

function makeLeaves(block: Block, { dtype, channelsLast }: Placement) {
  const drawn = normal(block.shape, 1, { dtype });
  const input = (channelsLast ? drawn.channelsLast() : drawn).requireGrad();
  const weights = block.layers.map(({ units, reads }, index) => {
    const inputs = reads.length * block.bankChannels;
    return normal([units, inputs, 1, 1], index + 2, {
      deviation: 1 / Math.sqrt(inputs),
      dtype,
    }).requireGrad();
  });
  return { input, weights };
}

/** The same with the convolutions made while banks are written. */
function runFused(block: Block, banks: BankBuffer, weights: readonly Tensor[]): Tensor {
  for (const [index, { reads, writes, relu }] of block.layers.entries()) {
    banks.writeConv(banks.read(reads), weights[index], { banks: writes, relu });
  }
  return readAtEnd(block, banks);
}

/** Output and all gradients of sum(output * cotangent). */
function evaluate<T extends Banks>(
  block: Block,
  place: Placement,
  make: (input: Tensor) => T,
  runWith: (block: Block, banks: T, weights: readonly Tensor[]) => Tensor = run,
): Tensor[] {
  const { input, weights } = makeLeaves(block, place);
  const output = runWith(block, make(input), weights);
  output
    .mul(normal(output.shape, 99, { dtype: place.dtype }))
    .sum()
    .backward();
  return [
    output,
    ...[input, ...weights].map((leaf) => leaf.grad ?? zeros(leaf.shape, { dtype: place.dtype })),
  ];
}

const buffered = (block: Block) => (input: Tensor) =>
  BankBuffer.holding(input, block.banks * block.bankChannels, block.bankChannels);
const plain = (block: Block) => (input: Tensor) => new PlainBanks(input, block.bankChannels);

/** Largest difference, relative to the largest value. */
function difference(found: Tensor, expected: Tensor): number {
  expect(found.shape).toEqual(expected.shape);
  const scale = Math.max(expected.abs().max().item(), 1e-3);
  return found.sub(expected).abs().max().item() / scale;
}

type Statistics = "batch" | "training" | "running";

/** Layers of four steps: two paths from one 1x1 convolution, the first of which has one convolution more. */
interface LayersOptions {
  readonly block: Block;
  readonly kernel: number;
  readonly dilation: readonly [number, number];
  readonly groups: number;
  readonly bfloat16?: boolean;
  /** Whether no gradient is wanted of the three weights of a layer, in turn. Default: of none. */
  readonly frozen?: readonly boolean[];
  /** Of the BatchNorm before every ReLU. Default: there is none. */
  readonly statistics?: Statistics;
}

const drawnLayers: fc.Arbitrary<LayersOptions> = fc
  .record({
    seed: fc.nat(),
    bankChannels: fc.constantFrom(2, 4, 8, 16, 24),
    layers: fc.integer({ min: 1, max: 5 }),
    kernel: fc.constantFrom(1, 3, 5),
    dilation: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    groups: fc.constantFrom(1, 2),
    frozen: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
  })
  .map(({ seed, bankChannels, layers, ...options }) => ({
    block: randomBlock(Random.stream(seed), bankChannels, layers),
    ...options,
  }));

function layerSteps(
  { block, dilation, groups }: LayersOptions,
  weights: readonly Tensor[],
  norms: readonly LayerStep["norm"][],
): LayerStep[] {
  return block.layers.flatMap(({ reads, writes }, index): LayerStep[] => {
    const [narrowing, own, last] = weights.slice(3 * index);
    const [ofBanks, first, ofBetween, second] = norms.slice(4 * index);
    return [
      { norm: ofBanks, weight: narrowing, dilation: [1, 1], groups: 1, from: reads, to: 0 },
      { norm: first, weight: own, dilation, groups, from: 0, to: 1 },
      { norm: ofBetween, weight: last, dilation, groups, from: 1, to: writes },
      { norm: second, weight: last, dilation, groups, from: 0, to: writes },
    ];
  });
}

type RunSteps = (banks: BankBuffer, steps: readonly LayerStep[], bfloat16: boolean) => void;

const runAtOnce: RunSteps = (banks, steps, bfloat16) => banks.runLayers(steps, { bfloat16 });

const runOneByOne: RunSteps = (banks, steps, bfloat16) => {
  const between: Tensor[] = [];
  for (const { norm, weight, dilation, groups, from, to } of steps) {
    const relu = norm === undefined; // while banks are read, and within convolutions
    const x = typeof from === "number" ? between[from] : banks.read(from, { relu });
    const input = norm ? batchNorm(x, norm).relu() : x;
    const options = { dilation, groups, relu, bfloat16 };
    if (typeof to === "number") between[to] = sameConv2d(input, weight, options);
    else banks.writeConv(input, weight, { ...options, banks: to });
  }
};

/** What the banks hold in the end, the gradients of everything, and the running statistics. */
function evaluateLayers(options: LayersOptions, run: RunSteps) {
  const { block, kernel, groups, statistics, bfloat16 = false, frozen = [false, false, false] } = options;
  const { input } = makeLeaves(block, { dtype: "float32", channelsLast: true });
  const weights = block.layers.flatMap(({ reads, units }, index) =>
    [
      [2 * units, reads.length * block.bankChannels, 1, 1],
      [2 * units, (2 * units) / groups, kernel, kernel],
      [units, (2 * units) / groups, kernel, kernel],
    ].map((shape, place) => {
      const weight = normal(shape, index + 30 * place, { deviation: statistics ? 0.5 : 0.1 });
      return frozen[place] ? weight : weight.requireGrad();
    }),
  );
  const near = (channels: number, seed: number, mean: number) =>
    normal([channels], seed, { deviation: 0.3 }).add(mean);
  const makeNorm = (channels: number, seed: number) => ({
    weight: near(channels, seed, 1).requireGrad(),
    bias: near(channels, seed + 1, 0).requireGrad(),
    ...(statistics !== "batch" && {
      mean: near(channels, seed + 2, 0),
      variance: near(channels, seed + 3, 1).abs(),
    }),
    training: statistics !== "running",
    momentum: 0.3,
  });
  const norms = statistics
    ? block.layers.flatMap(({ reads, units }, index) =>
        [reads.length * block.bankChannels, 2 * units, 2 * units, 2 * units].map((channels, place) =>
          makeNorm(channels, 100 + 100 * index + 10 * place),
        ),
      )
    : [];
  const banks = buffered(block)(input);
  run(banks, layerSteps(options, weights, norms), bfloat16);
  const output = banks.readAll();
  const parameters = [input, ...weights, ...norms.flatMap(({ weight, bias }) => [weight, bias])];
  const leaves = parameters.filter(({ requiresGrad }) => requiresGrad);
  if (output.requiresGrad) output.mul(normal(output.shape, 99)).sum().backward();
  return {
    output,
    occupied: banks.occupied,
    gradients: output.requiresGrad ? leaves.map(({ grad }) => grad!) : [],
    running: norms.flatMap(({ mean, variance }) => [mean, variance].filter((tensor) => tensor !== undefined)),
  };
}

/** Summed difference, relative to the sum of all values. */
function meanDifference(found: Tensor, expected: Tensor): number {
  expect(found.shape).toEqual(expected.shape);
  return found.sub(expected).abs().sum().item() / Math.max(expected.abs().sum().item(), 1e-3);
}

const tolerances = { float32: 1e-5, float64: 1e-12, bfloat16: 0.04 };
const placements = (Object.keys(tolerances) as (keyof typeof tolerances)[]).flatMap((dtype) =>
  [true, false].map((channelsLast) => ({
    dtype,
    channelsLast,
    layout: channelsLast ? "channels-last" : "row-major",
  })),
);

/** Of images that are larger than what is worked on at a time. */
const inBands: LayersOptions = {
  ...{ kernel: 3, dilation: [2, 1], groups: 1 },
  block: {
    ...{ shape: [2, 16, 36, 33], bankChannels: 16, banks: 3 },
    layers: [
      { reads: [0], writes: [0, 1], units: 32, relu: true },
      { reads: [0, 1], writes: [1, 2], units: 32, relu: true },
    ],
  },
};

describe("banks in one buffer", () => {
  it.each(placements)("equal banks kept apart, values and gradients: $dtype, $layout", (place) => {
    const block = fc
      .record({
        seed: fc.nat(),
        bankChannels: fc.constantFrom(1, 2, 3, 4, 8, 16, 24),
        layers: fc.integer({ min: 0, max: 5 }),
      })
      .map(({ seed, bankChannels, layers }) => randomBlock(Random.stream(seed), bankChannels, layers));
    fc.assert(
      fc.property(block, (block) => {
        scope(() => {
          const found = evaluate(block, place, buffered(block));
          const fused = evaluate(block, place, buffered(block), runFused);
          const expected = evaluate(block, place, plain(block));
          // Rounded to halves, sums near zero end on either side of a ReLU, and gradients behind it differ as a whole.
          const compared = place.dtype === "bfloat16" && hasRelu(block) ? expected.slice(0, 1) : expected;
          for (const [index, value] of compared.entries()) {
            expect(difference(found[index], value)).toBeLessThanOrEqual(tolerances[place.dtype]);
            expect(difference(fused[index], value)).toBeLessThanOrEqual(tolerances[place.dtype]);
          }
        });
      }),
      { numRuns: 60, seed: 3 },
    );
  });

  it("end in BatchNorm, ReLU and pool without a copy, and with the same gradients", () => {
    const block = randomBlock(Random.stream(7), 8, 5);
    const place = { dtype: "float32", channelsLast: true } as const;
    const finish = (channels: number) => ({
      weight: ones([channels]),
      bias: zeros([channels]),
      training: true,
    });
    scope(() => {
      const found = evaluate(block, place, buffered(block), (block, banks, weights) => {
        run(block, banks, weights);
        return banks.normReluPool(finish(banks.occupied * block.bankChannels), "global");
      });
      const expected = evaluate(block, place, plain(block), (block, banks, weights) => {
        run(block, banks, weights);
        const all = banks.readAll();
        return normReluPool2d(all, finish(all.shape[1]), "global");
      });
      for (const [index, value] of expected.entries()) {
        expect(difference(found[index], value)).toBeLessThanOrEqual(2e-5);
      }
    });
  });

  it("have the gradients of finite differences", () => {
    const layers = [
      { reads: [0, 1], writes: [1, 2], units: 2, relu: true }, // one slice for two banks, one of them empty
      { reads: [0, 2], writes: [0, 1, 2, 3], units: 4, relu: false }, // two slices, each twice
    ];
    const block: Block = { shape: [1, 4, 2, 2], bankChannels: 2, banks: 4, layers };
    const place = { dtype: "float64", channelsLast: true } as const;
    scope(() => {
      const { input, weights } = makeLeaves(block, place);
      const loss = () => {
        const output = run(block, buffered(block)(input), weights);
        return output.mul(normal(output.shape, 99, { dtype: "float64" })).sum();
      };
      loss().backward();
      const step = 1e-6;
      for (const leaf of [input, ...weights]) {
        const gradient = leaf.grad!.toNumbers();
        for (let index = 0; index < leaf.size; index++) {
          const nudge = zeros([leaf.size], { dtype: "float64" });
          nudge.narrow(0, index, 1).fill(step);
          const [after, before] = [1, -2].map((factor) => {
            leaf.addInPlace(nudge.reshape(leaf.shape), factor);
            return noGrad(loss).item();
          });
          leaf.addInPlace(nudge.reshape(leaf.shape), 1);
          expect((after - before) / (2 * step)).toBeCloseTo(gradient[index], 6);
        }
      }
    });
  });

  it("hold what was written without a graph as well", () => {
    const block = randomBlock(Random.stream(5), 4, 4);
    scope(() => {
      const { input, weights } = makeLeaves(block, { dtype: "float32", channelsLast: true });
      const found = noGrad(() => run(block, buffered(block)(input), weights));
      const expected = noGrad(() => run(block, plain(block)(input), weights));
      const fused = noGrad(() => runFused(block, buffered(block)(input), weights));
      expect(found.requiresGrad).toBe(false);
      expect(difference(found, expected)).toBeLessThanOrEqual(1e-5);
      expect(difference(fused, expected)).toBeLessThanOrEqual(1e-5);
    });
  });

  it.each([false, true])(
    "run layers image by image as one by one, values bit for bit, bfloat16: %s",
    onCpu((bfloat16: boolean) => {
      fc.assert(
        fc.property(drawnLayers, (drawn) => {
          scope(() => {
            const options = { ...drawn, bfloat16 };
            const [oneByOne, atOnce] = [runOneByOne, runAtOnce].map((run) => evaluateLayers(options, run));
            expect(atOnce.occupied).toBe(oneByOne.occupied);
            expect(atOnce.output.toArray()).toEqual(oneByOne.output.toArray());
            for (const [index, gradient] of oneByOne.gradients.entries()) {
              expect(difference(atOnce.gradients[index], gradient)).toBeLessThanOrEqual(1e-5);
            }
            const withoutGraph = noGrad(() => evaluateLayers(options, runAtOnce));
            expect(withoutGraph.output.toArray()).toEqual(oneByOne.output.toArray());
          });
        }),
        { numRuns: 40, seed: 4, examples: [[inBands]] },
      );
    }),
  );

  describe.each(["batch", "training", "running"] as const)("with BatchNorms, %s statistics", (statistics) => {
    /**
     * Where a sum near zero ends on the other side of a ReLU, a pixel's gradient differs as a whole: `tolerance`. Rounded
     * to halves, values that differ in their last digit may differ in one of their third.
     */
    const expectSame = (options: LayersOptions, tolerance: number) => {
      const closeness = options.bfloat16 ? 0.02 : 1e-5;
      const [oneByOne, atOnce] = [runOneByOne, runAtOnce].map((run) => evaluateLayers(options, run));
      const withoutGraph = noGrad(() => evaluateLayers(options, runAtOnce));
      expect(atOnce.occupied).toBe(oneByOne.occupied);
      for (const { output, running } of [atOnce, withoutGraph]) {
        expect(difference(output, oneByOne.output)).toBeLessThanOrEqual(closeness);
        for (const [index, expected] of oneByOne.running.entries()) {
          expect(difference(running[index], expected)).toBeLessThanOrEqual(closeness);
        }
      }
      for (const [index, expected] of oneByOne.gradients.entries()) {
        expect(meanDifference(atOnce.gradients[index], expected)).toBeLessThanOrEqual(tolerance);
      }
    };
    // Variances of a few values would make much of what was rounded.
    const drawn = drawnLayers.map(({ block: { shape, ...block }, ...options }) => ({
      block: { ...block, shape: [shape[0] + 1, shape[1], shape[2] + 3, shape[3] + 3] as const },
      ...{ ...options, statistics },
    }));

    it.each([false, true])(
      "run layers as one by one, bfloat16: %s",
      onCpu((bfloat16: boolean) => {
        fc.assert(
          fc.property(drawn, (options) =>
            scope(() => expectSame({ ...options, bfloat16 }, bfloat16 ? 0.1 : 0.05)),
          ),
          { numRuns: 40, seed: 5, examples: [[{ ...inBands, statistics }]] },
        );
      }),
    );

    it(
      "run a small block with gradients of one by one",
      onCpu(() => {
        const block: Block = {
          ...{ shape: [3, 4, 5, 4], bankChannels: 4, banks: 3 },
          layers: [
            { reads: [0], writes: [0, 1], units: 4, relu: true },
            { reads: [0, 1], writes: [1, 2], units: 8, relu: true },
          ],
        };
        scope(() => expectSame({ block, kernel: 3, dilation: [1, 2], groups: 1, statistics }, 1e-5));
      }),
    );
  });

  it("pass gradients through a read whose values nobody uses", () => {
    scope(() => {
      const input = normal([1, 2, 2, 2], 1).requireGrad();
      const banks = BankBuffer.holding(input, 4, 2);
      banks.read([0]);
      banks.write(banks.read([0]), [1]);
      banks.readAll().sum().backward();
      expect(input.grad!.toNumbers()).toEqual(new Array(8).fill(2));
    });
  });

  it("let NaN through ReLU, so that divergence is seen", () => {
    scope(() => {
      const banks = BankBuffer.holding(normal([1, 16, 1, 1], 1).mul(NaN), 16, 16);
      expect(banks.read([0], { relu: true }).isFinite).toBe(false);
    });
  });
});

describe("a bank buffer refuses", () => {
  const make = () => BankBuffer.holding(normal([2, 4, 3, 3], 1), 16, 4);
  const makeNorm = (channels: number) => ({
    ...{ weight: ones([channels]), bias: zeros([channels]), training: true },
  });
  const step = (from: LayerStep["from"], to: LayerStep["to"]): LayerStep => ({
    ...{ weight: normal([4, 4, 1, 1], 3), dilation: [1, 1], groups: 1 },
    ...{ from, to },
  });
  it.each([
    ["banks out of order", (banks: BankBuffer) => banks.read([0, 0]), /ascending/],
    [
      "a bank outside",
      (banks: BankBuffer) => banks.write(normal([2, 4, 3, 3], 2), [4]),
      /outside the buffer/,
    ],
    ["a bank that is empty", (banks: BankBuffer) => banks.read([0, 2]), /bank 2, with 1 written/],
    ["no bank", (banks: BankBuffer) => banks.read([]), /at least one bank/],
    [
      "leaving a bank empty",
      (banks: BankBuffer) => banks.write(normal([2, 4, 3, 3], 2), [2]),
      /bank 1 is empty/,
    ],
    [
      "a value of another size",
      (banks: BankBuffer) => banks.write(normal([2, 4, 2, 2], 2), [1]),
      /does not fit/,
    ],
    ["part of a bank", (banks: BankBuffer) => banks.write(normal([2, 3, 3, 3], 2), [1]), /multiple/],
    [
      "a step whose result no step reads",
      (banks: BankBuffer) => banks.runLayers([step([0], 0)]),
      /no step reads what step 0 has written/,
    ],
    [
      "a step from a tensor that no step has written",
      (banks: BankBuffer) => noGrad(() => banks.runLayers([step([0], 0), step(1, [1])])),
      /no tensor 1 since banks were read/,
    ],
    [
      "a step from a tensor that was written before banks were read again",
      (banks: BankBuffer) => banks.runLayers([step([0], 0), step([0], 1), step(1, [1]), step(0, [1])]),
      /no tensor 0 since banks were read/,
    ],
    [
      "a step that writes what it reads",
      (banks: BankBuffer) => noGrad(() => banks.runLayers([step([0], 0), step(0, 0), step(0, [1])])),
      /cannot be written while it is read, got 0/,
    ],
    [
      "a step from a bank that is empty",
      (banks: BankBuffer) => noGrad(() => banks.runLayers([step([1], [1])])),
      /bank 1 has not been written/,
    ],
    [
      "a step from banks whose kernel reaches other pixels",
      (banks: BankBuffer) => banks.runLayers([{ ...step([0], [1]), weight: normal([4, 4, 3, 3], 3) }]),
      /only 1x1 convolutions read banks/,
    ],
    [
      "a step that leaves a bank empty",
      (banks: BankBuffer) => noGrad(() => banks.runLayers([step([0], [2])])),
      /bank 1 is empty/,
    ],
    [
      "a step to a tensor of no number",
      (banks: BankBuffer) => noGrad(() => banks.runLayers([step([0], -1)])),
      /counted from 0/,
    ],
    [
      "a BatchNorm of other channels",
      (banks: BankBuffer) => banks.runLayers([{ ...step([0], [1]), norm: makeNorm(5) }]),
      /weight must have a value for each of 4 channels/,
    ],
    [
      "a BatchNorm for some steps alone",
      (banks: BankBuffer) => banks.runLayers([{ ...step([0], 0), norm: makeNorm(4) }, step(0, [1])]),
      /each of 2 steps has a BatchNorm, or none has, got 1/,
    ],
    [
      "more slices than banks",
      (banks: BankBuffer) => banks.write(normal([2, 8, 3, 3], 2), [1]),
      /fewer banks/,
    ],
  ])(
    "%s",
    onCpu((_: string, use: (banks: BankBuffer) => unknown, message: RegExp) => {
      scope(() => {
        const banks = make();
        expect(() => use(banks)).toThrow(
          expect.objectContaining({ code: "shape", message: expect.stringMatching(message) as string }),
        );
      });
    }),
  );
});
