import { describe, expect, it } from "vitest";
import { foldAffine } from "./fold.js";
import {
  activate,
  add,
  affine,
  averagePool,
  convolve,
  globalAveragePool,
  linear,
  type Activation,
  type Value,
} from "./graph.js";
import { listValues } from "./walk-graph.js";

const image: Value = { kind: "image", channels: 2 };
const norm = (input: Value, ...scale: number[]) =>
  affine(input, {
    name: "norm",
    scale: Float64Array.from(scale),
    shift: Float64Array.from(scale, (_, channel) => channel + 1),
  });
const convolution = (input: Value, kernel = 3) =>
  convolve(input, {
    name: "convolution",
    weights: { shape: [2, 2, kernel, kernel], data: new Float64Array(4 * kernel ** 2).fill(1) },
    padding: [(kernel - 1) / 2, (kernel - 1) / 2],
  });
const head = (input: Value) =>
  linear(globalAveragePool(input), {
    name: "head",
    weights: { shape: [2, 2], data: Float64Array.of(1, 2, 3, 4) },
  });

const kindsAfter = (output: Value) => listValues(foldAffine(output)).map(({ kind }) => kind);
const affines = (output: Value) =>
  listValues(foldAffine(output)).flatMap((value) => (value.kind === "affine" ? [value] : []));

describe("a BatchNorm", () => {
  it("after a convolution goes into it whole, whatever its signs", () => {
    expect(kindsAfter(norm(convolution(image), -2, 3))).toEqual(["image", "convolution"]);
  });

  it("stays after a convolution that something else uses as well", () => {
    const shared = convolution(image);
    expect(kindsAfter(add(norm(shared, 2, 3), shared))).toContain("affine");
  });

  it("before ReLU and a convolution leaves only its shift", () => {
    const [left] = affines(convolution(activate(norm(averagePool(image, { kernel: 2 }), 2, 4), "relu")));
    expect([...left.scale]).toEqual([1, 1]);
    expect([...left.shift]).toEqual([1 / 2, 2 / 4]);
  });

  it("before ReLU, pooling and the head leaves only its shift", () => {
    const output = foldAffine(head(activate(norm(image, 2, 4), "relu")));
    expect(output).toMatchObject({ weights: { data: Float64Array.of(2, 8, 6, 16) } });
  });

  it.each([
    ["a negative scale", "relu", -1],
    ["a scale of zero", "relu", 0],
    ["tanh", "tanh", 2],
    ["sigmoid", "sigmoid", 2],
  ] as const)("stays whole before %s", (_, activation: Activation["activation"], scale) => {
    const [left] = affines(convolution(activate(norm(image, scale, 3), activation)));
    expect([...left.scale]).toEqual([scale, 3]);
  });

  it("before a convolution without padding disappears, of either sign", () => {
    const output = foldAffine(convolution(norm(image, -2, 4), 1));
    expect(output).toMatchObject({
      input: image,
      weights: { data: Float64Array.of(-2, 4, -2, 4) },
      bias: Float64Array.of(3, 3),
    });
  });

  it("before a convolution with padding keeps its shift, which the border must not get", () => {
    expect(kindsAfter(convolution(norm(image, 2, 4)))).toEqual(["image", "affine", "convolution"]);
  });

  it("with a scale of zero stays whole before a convolution with padding: its shift cannot be divided", () => {
    const [left] = affines(convolution(norm(image, 0, 4)));
    expect([[...left.scale], [...left.shift]]).toEqual([
      [0, 4],
      [1, 2],
    ]);
  });
});
