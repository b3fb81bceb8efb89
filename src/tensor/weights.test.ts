import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  cat,
  generatedWeights,
  normal,
  scope,
  setThreads,
  sliceWeights,
  zeros,
  type BrickSize,
  type GeneratedWeight,
  type Tensor,
} from "./index.js";

setThreads(2);

function expectEqual(found: Tensor, expected: Tensor): void {
  expect(found.shape).toEqual(expected.shape);
  const scale = Math.max(expected.abs().max().item(), 1e-3);
  expect(found.sub(expected).abs().max().item() / scale).toBeLessThanOrEqual(1e-5);
}

/** Sum of the tensors that are `used`, each weighted at random. */
function weightedSum(tensors: readonly Tensor[], used: readonly boolean[]): Tensor {
  return tensors
    .filter((_, index) => used[index])
    .map((tensor, index) => tensor.mul(normal(tensor.shape, 50 + index)).sum())
    .reduce((total, part) => total.add(part));
}

/** Values and gradient of two ways to cut `source`, which must be the same. */
function compare(
  source: Tensor,
  used: readonly boolean[],
  ways: readonly ((source: Tensor) => Tensor[])[],
): void {
  const [found, expected] = ways.map((cut) => {
    const leaf = source.clone().requireGrad();
    const pieces = cut(leaf);
    weightedSum(pieces, used).backward();
    return [...pieces, leaf.grad!];
  });
  expect(found).toHaveLength(expected.length);
  for (const [index, piece] of found.entries()) expectEqual(piece, expected[index]);
}

/** The bricks of a weight are rows of outputs over columns of inputs, one layer of bricks for every tap of the kernel. */
function plainWeight(output: Tensor, weight: GeneratedWeight, bricks: BrickSize): Tensor {
  const { columnInputs, rowOutputs, kernel } = bricks;
  const [, , rows, length] = output.shape;
  const { start, columns, shape, gain = 1 } = weight;
  const [outputs, inputs, height, width] = shape;
  const own = output
    .reshape([kernel, kernel, rowOutputs, columnInputs, rows, length])
    .permute([4, 2, 0, 1, 5, 3]) // [k, outputs of a row, kernel, kernel, L, inputs of a column]
    .reshape([rows * rowOutputs, kernel, kernel, length * columnInputs])
    .narrow(3, start * columnInputs, columns * columnInputs);
  const repeated = cat(Array<Tensor>(Math.ceil(inputs / own.shape[3])).fill(own), 3);
  const cut = repeated
    .narrow(0, 0, outputs)
    .narrow(1, (kernel - height) / 2, height)
    .narrow(2, (kernel - width) / 2, width)
    .narrow(3, 0, inputs)
    .permute([0, 3, 1, 2]);
  return cut.div(cut.pow(2).sum().sqrt()).mul(gain);
}

/** Numbers that decide one weight. */
const drawnWeight = fc.record({
  columns: fc.integer({ min: 1, max: 3 }),
  inputs: fc.nat(),
  outputs: fc.nat(),
  centre: fc.tuple(fc.nat(), fc.nat()),
  gain: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
});

const generated = fc
  .record({
    columnInputs: fc.integer({ min: 1, max: 4 }),
    rowOutputs: fc.integer({ min: 1, max: 4 }),
    kernel: fc.constantFrom(1, 3, 5),
    rows: fc.integer({ min: 1, max: 3 }),
    drawn: fc.array(drawnWeight, { minLength: 1, maxLength: 4 }),
    gap: fc.integer({ min: 0, max: 1 }),
    unused: fc.nat({ max: 4 }),
    channelsLast: fc.boolean(),
  })
  .map(({ columnInputs, rowOutputs, kernel, rows, drawn, gap, unused, channelsLast }) => {
    let length = 0;
    const weights = drawn.map(({ columns, inputs, outputs, centre, gain }): GeneratedWeight => {
      const start = length;
      length += columns + gap;
      const side = (choice: number) => kernel - 2 * (choice % ((kernel + 1) / 2));
      return {
        start,
        columns,
        shape: [
          1 + (outputs % (rows * rowOutputs)),
          // Fewer than the columns hold, as many, or up to twice as many.
          1 + (inputs % (2 * columns * columnInputs)),
          side(centre[0]),
          side(centre[1]),
        ],
        ...(gain !== undefined && { gain }),
      };
    });
    const used = weights.map((_, index) => weights.length === 1 || index !== unused);
    const shape = [1, kernel ** 2 * rowOutputs * columnInputs, rows, length];
    return { shape, weights, bricks: { columnInputs, rowOutputs, kernel }, used, channelsLast };
  })
  // A weight of one number is 1 or -1 whatever the number: its gradient is rounding alone.
  .filter(({ weights, bricks }) =>
    weights.every(({ columns, shape: [outputs, inputs, height, width] }) => {
      const numbers = outputs * Math.min(inputs, columns * bricks.columnInputs) * height * width;
      return numbers > 1;
    }),
  );

describe("generated weights", () => {
  it("are the layers' bricks over their norm times their gain, with the gradient of that", () => {
    fc.assert(
      fc.property(generated, ({ shape, weights, bricks, used, channelsLast }) => {
        scope(() => {
          const drawn = normal(shape, 7);
          compare(channelsLast ? drawn.channelsLast() : drawn, used, [
            (output) => generatedWeights(output, weights, bricks),
            (output) => weights.map((weight) => plainWeight(output, weight, bricks)),
          ]);
        });
      }),
      { numRuns: 250, seed: 4 },
    );
  });

  it("are the same, to bfloat16's digits, where no kernel of ours runs", () => {
    fc.assert(
      fc.property(generated, ({ shape, weights, bricks, used }) => {
        scope(() => {
          const coarse = normal(shape, 7).to({ dtype: "bfloat16" });
          const run = (source: Tensor) => {
            const leaf = source.clone().requireGrad();
            const pieces = generatedWeights(leaf, weights, bricks);
            const floats = pieces.map((piece) => piece.to({ dtype: "float32" }));
            weightedSum(floats, used).backward();
            return [...floats, leaf.grad!.to({ dtype: "float32" })];
          };
          const expected = run(coarse.to({ dtype: "float32" }));
          for (const [index, found] of run(coarse).entries()) {
            const scale = Math.max(expected[index].abs().max().item(), 1e-3);
            expect(found.sub(expected[index]).abs().max().item() / scale).toBeLessThan(0.05);
          }
        });
      }),
      { numRuns: 50, seed: 6 },
    );
  });

  it("are channels-last, as convolutions take them", () => {
    scope(() => {
      const bricks = { columnInputs: 2, rowOutputs: 3, kernel: 3 };
      const cut = { start: 0, columns: 1, shape: [3, 2, 3, 3] } as const;
      const [weight] = generatedWeights(normal([1, 54, 1, 1], 1), [cut], bricks);
      expect(weight.isChannelsLast).toBe(true);
    });
  });

  it("are zero, not NaN, where the HyperNet's output is zero", () => {
    scope(() => {
      const weights = [{ start: 0, columns: 1, shape: [3, 2, 1, 1] }] as const;
      const bricks = { columnInputs: 2, rowOutputs: 3, kernel: 1 };
      const [weight] = generatedWeights(zeros([1, 6, 1, 1]), weights, bricks);
      expect(weight.toNumbers()).toEqual(new Array(6).fill(0));
    });
  });

  it("must lie inside the output, and be the centre of its kernel", () => {
    scope(() => {
      const bricks = { columnInputs: 2, rowOutputs: 3, kernel: 3 };
      const output = normal([1, 54, 1, 2], 1);
      const cut = (weight: GeneratedWeight) => () => generatedWeights(output, [weight], bricks);
      const inside = { start: 0, columns: 2, shape: [3, 4, 3, 3] } as const;
      expect(cut(inside)).not.toThrow();
      expect(cut({ ...inside, start: 1 })).toThrow(expect.objectContaining({ code: "shape" }));
      expect(cut({ ...inside, columns: 0 })).toThrow(/columns 0 to 0/);
      expect(cut({ ...inside, shape: [4, 4, 3, 3] })).toThrow(/4 outputs lie outside/);
      expect(cut({ ...inside, shape: [3, 4, 2, 3] })).toThrow(/kernel of 2 x 3/);
      expect(cut({ ...inside, shape: [3, 4, 5, 5] })).toThrow(/kernel of 5 x 5/);
    });
  });
});

describe("sliced weights", () => {
  const plainSlice = (weight: Tensor, [outputs, inputs, height, width]: readonly number[]) =>
    weight
      .narrow(0, 0, outputs)
      .narrow(1, 0, inputs)
      .narrow(2, (weight.shape[2] - height) / 2, height)
      .narrow(3, (weight.shape[3] - width) / 2, width);

  const kernel = fc.constantFrom(1, 3, 5);
  const slice = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 4 }), kernel, kernel);
  const slices = fc.array(slice, { minLength: 1, maxLength: 5 });

  it("are the first filters and channels and the kernel's centre, and overlapping gradients add up", () => {
    fc.assert(
      fc.property(slices, fc.nat({ max: 5 }), fc.boolean(), (shapes, unused, channelsLast) => {
        scope(() => {
          const drawn = normal([5, 4, 5, 5], 7);
          const used = shapes.map((_, index) => shapes.length === 1 || index !== unused);
          compare(channelsLast ? drawn.channelsLast() : drawn, used, [
            (weight) => sliceWeights(weight, shapes),
            (weight) => shapes.map((shape) => plainSlice(weight, shape)),
          ]);
        });
      }),
      { numRuns: 100, seed: 5 },
    );
  });

  it("are copies: writing to one leaves the weight as it was", () => {
    scope(() => {
      const weight = normal([2, 2, 3, 3], 1);
      const before = weight.toNumbers();
      sliceWeights(weight, [[2, 2, 3, 3]])[0].fill(0);
      expect(weight.toNumbers()).toEqual(before);
    });
  });
});
