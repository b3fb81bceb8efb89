import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  generatedWeights,
  normal,
  scope,
  setThreads,
  sliceWeights,
  zeros,
  type GeneratedLayer,
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

/** The bricks of a layer are rows of outputs over columns of inputs. */
function plainWeight(
  output: Tensor,
  layer: GeneratedLayer,
  columnInputs: number,
  rowOutputs: number,
): Tensor {
  const [, , rows, columns] = output.shape;
  const matrix = output
    .reshape([rowOutputs, columnInputs, rows, columns])
    .permute([2, 0, 3, 1]) // [k, outputs of a row, L, inputs of a column]
    .reshape([rows * rowOutputs, columns * columnInputs])
    .narrow(0, 0, layer.outputs)
    .narrow(1, layer.start * columnInputs, layer.inputs);
  return matrix
    .div(matrix.norm())
    .mul(layer.gain ?? 1)
    .reshape([layer.outputs, layer.inputs, 1, 1]);
}

const generated = fc
  .record({
    columnInputs: fc.integer({ min: 1, max: 4 }),
    rowOutputs: fc.integer({ min: 1, max: 4 }),
    rows: fc.integer({ min: 1, max: 3 }),
    widths: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 }),
    gap: fc.integer({ min: 0, max: 1 }),
    outputs: fc.array(fc.nat(), { minLength: 4, maxLength: 4 }),
    gains: fc.array(fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }), {
      minLength: 4,
      maxLength: 4,
    }),
    unused: fc.nat({ max: 4 }),
    channelsLast: fc.boolean(),
  })
  .map(({ columnInputs, rowOutputs, rows, widths, gap, outputs, gains, unused, channelsLast }) => {
    let columns = 0;
    const layers = widths.map((width, index) => {
      const start = columns;
      columns += width + gap;
      const gain = gains[index];
      return {
        start,
        inputs: width * columnInputs,
        outputs: 1 + (outputs[index] % (rows * rowOutputs)),
        ...(gain !== undefined && { gain }),
      };
    });
    const used = layers.map((_, index) => layers.length === 1 || index !== unused);
    return {
      shape: [1, rowOutputs * columnInputs, rows, columns],
      layers,
      columnInputs,
      rowOutputs,
      used,
      channelsLast,
    };
  });

describe("generated weights", () => {
  it("are the layers' bricks over their norm times their gain, with the gradient of that", () => {
    fc.assert(
      fc.property(generated, ({ shape, layers, columnInputs, rowOutputs, used, channelsLast }) => {
        scope(() => {
          const drawn = normal(shape, 7);
          compare(channelsLast ? drawn.channelsLast() : drawn, used, [
            (output) => generatedWeights(output, layers, { columnInputs, rowOutputs }),
            (output) => layers.map((layer) => plainWeight(output, layer, columnInputs, rowOutputs)),
          ]);
        });
      }),
      { numRuns: 150, seed: 4 },
    );
  });

  it("are zero, not NaN, where the HyperNet's output is zero", () => {
    scope(() => {
      const layers = [{ start: 0, inputs: 2, outputs: 3 }];
      const [weight] = generatedWeights(zeros([1, 6, 1, 1]), layers, { columnInputs: 2, rowOutputs: 3 });
      expect(weight.toNumbers()).toEqual(new Array(6).fill(0));
    });
  });

  it("must lie inside the output and fill whole columns", () => {
    scope(() => {
      const output = normal([1, 6, 1, 2], 1);
      const cut = (layer: GeneratedLayer) => () =>
        generatedWeights(output, [layer], { columnInputs: 2, rowOutputs: 3 });
      expect(cut({ start: 1, inputs: 4, outputs: 3 })).toThrow(expect.objectContaining({ code: "shape" }));
      expect(cut({ start: 0, inputs: 2, outputs: 4 })).toThrow(expect.objectContaining({ code: "shape" }));
      expect(cut({ start: 0, inputs: 3, outputs: 3 })).toThrow(/columns of 2/);
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
