import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../random.js";
import { changeContrast, changeSharpness } from "./pixel-operations.js";
import {
  applyOperation,
  highestMagnitude,
  randAugment,
  randAugmentOperations,
  type RandAugmentOperation,
} from "./rand-augment.js";
import { rotation, warp } from "./warp.js";

const shapes = fc.record({ channels: fc.constantFrom(1, 2, 3), size: fc.integer({ min: 1, max: 12 }) });

function randomImage({ channels, size }: { channels: number; size: number }, seed: number): Uint8Array {
  const random = Random.stream(seed, "image");
  return Uint8Array.from({ length: channels * size * size }, () => random.integer(0, 255));
}

const grey = { channels: 1, size: 3 };
/** 1 … 9, row by row. */
const counted = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9]);

describe("every operation", () => {
  it.each(randAugmentOperations)(
    "%s gives a new whole image and leaves the given one as it is",
    (operation) => {
      fc.assert(
        fc.property(shapes, fc.nat(), fc.double({ min: -1, max: 1, noNaN: true }), (shape, seed, level) => {
          const image = randomImage(shape, seed);
          const before = Uint8Array.from(image);
          const result = applyOperation(image, operation, { ...shape, level });
          expect(result).toHaveLength(image.length);
          expect(result).toBeInstanceOf(Uint8Array);
          expect(image).toEqual(before);
        }),
      );
    },
  );

  it.each(randAugmentOperations.filter((name) => name !== "autoContrast" && name !== "equalize"))(
    "%s changes nothing at magnitude 0",
    (operation) => {
      fc.assert(
        fc.property(shapes, fc.nat(), (shape, seed) => {
          const image = randomImage(shape, seed);
          expect(applyOperation(image, operation, { ...shape, level: 0 })).toEqual(image);
        }),
      );
    },
  );

  it.each(randAugmentOperations.filter((name) => name !== "identity"))(
    "%s changes a colour image at the highest magnitude",
    (operation) => {
      // Of fewer than 256 pixels a channel, equalize makes nothing.
      const shape = { channels: 3, size: 20 };
      // Neither end of the scale is there, so that contrast can be stretched.
      const image = randomImage(shape, 1).map((value) => 40 + value / 2);
      expect(applyOperation(image, operation, { ...shape, level: 1 })).not.toEqual(image);
    },
  );
});

describe("operations on what can be told by hand", () => {
  const apply = (operation: RandAugmentOperation, level: number, image = counted, shape = grey) =>
    Array.from(applyOperation(image, operation, { ...shape, level }));

  it("autoContrast stretches every channel to the whole scale", () => {
    const image = Uint8Array.from([10, 20, 30, 60, 7, 7, 7, 7]);
    const stretched = apply("autoContrast", 1, image, { channels: 2, size: 2 });
    expect(stretched).toEqual([0, 51, 102, 255, 7, 7, 7, 7]);
  });

  it("equalize makes crowded values about equally frequent", () => {
    const size = 64;
    const image = Uint8Array.from({ length: size * size }, (_, at) => 100 + Math.floor(at / 256));
    const result = applyOperation(image, "equalize", { channels: 1, size, level: 1 });
    const levels = [...new Set(result)].sort((one, other) => one - other);
    // 256 pixels of each: the 15 pixels a step are rounded from half a step on.
    expect(levels).toEqual([0, 17, 34, 51, 68, 85, 102, 119, 137, 154, 171, 188, 205, 222, 239, 255]);
  });

  it("solarize inverts what is above its threshold, posterize keeps the high bits", () => {
    const image = Uint8Array.from([0, 127, 128, 255]);
    const shape = { channels: 1, size: 2 };
    expect(apply("solarize", 0.5, image, shape)).toEqual([0, 127, 127, 0]);
    expect(apply("posterize", 1, image, shape)).toEqual([0, 112, 128, 240]);
  });

  it("brightness scales and stops at white; contrast and sharpness 0 are flat and smooth", () => {
    expect(apply("brightness", 1, Uint8Array.from([0, 10, 100, 200]), { channels: 1, size: 2 })).toEqual([
      0, 19, 190, 255,
    ]);
    expect(Array.from(changeContrast(counted, 0, grey))).toEqual(Array(9).fill(5));
    const spot = Uint8Array.from([0, 0, 0, 0, 130, 0, 0, 0, 0]);
    expect(Array.from(changeSharpness(spot, 0, grey))).toEqual([0, 0, 0, 0, 50, 0, 0, 0, 0]);
  });

  it("color takes an image from grey to vivid, and leaves one of a single channel as it is", () => {
    const pixel = Uint8Array.from([200, 100, 50]);
    const shape = { channels: 3, size: 1 };
    // Its grey is 124.
    expect(apply("color", -1, pixel, shape)).toEqual([131, 121, 116]);
    expect(apply("color", 1, counted)).toEqual(Array.from(counted));
  });

  it("translate moves by whole pixels and shows black behind", () => {
    // 150 of 331 pixels: 1 of 3, 5 of 10.
    expect(apply("translateX", 1)).toEqual([2, 3, 0, 5, 6, 0, 8, 9, 0]);
    expect(apply("translateY", -1)).toEqual([0, 0, 0, 1, 2, 3, 4, 5, 6]);
    const white = new Uint8Array(100).fill(255);
    const moved = apply("translateX", 1, white, { channels: 1, size: 10 });
    expect(moved.slice(0, 10)).toEqual([255, 255, 255, 255, 255, 0, 0, 0, 0, 0]);
  });

  it("a quarter of a turn is exact, and turning back gives the image again", () => {
    const quarter = warp(counted, rotation(90, 3), grey);
    expect(Array.from(quarter)).toEqual([7, 4, 1, 8, 5, 2, 9, 6, 3]);
    expect(warp(quarter, rotation(-90, 3), grey)).toEqual(counted);
  });

  it("rotate turns by 30 degrees at most, to either side", () => {
    const shape = { channels: 1, size: 20 };
    const image = randomImage(shape, 4);
    for (const level of [1, -1]) {
      const turned = applyOperation(image, "rotate", { ...shape, level });
      expect(turned).toEqual(warp(image, rotation(30 * level, 20), shape));
    }
  });

  it("shear moves a row, or a column, by .3 of its place at most", () => {
    const size = 10;
    const image = new Uint8Array(size * size).fill(9);
    const sheared = applyOperation(image, "shearX", { channels: 1, size, level: 1 });
    const black = Array.from({ length: size }, (_, y) =>
      sheared.subarray(y * size, (y + 1) * size).reduce((sum, value) => sum + Number(value === 0), 0),
    );
    expect(black).toEqual(Array.from({ length: size }, (_, y) => Math.floor(0.5 + 0.3 * (y + 0.5))));
    const transposed = sheared.map((_, at) => sheared[(at % size) * size + Math.floor(at / size)]);
    expect(applyOperation(image, "shearY", { channels: 1, size, level: 1 })).toEqual(transposed);
  });
});

describe("randAugment", () => {
  const shape = { channels: 3, size: 8 };
  const image = randomImage(shape, 5);
  const draw = (seed: number, settings = { operations: 2, magnitude: 9 }) =>
    randAugment(image, settings, { ...shape, random: Random.stream(seed) });

  it("depends on its random stream alone", () => {
    expect(draw(3)).toEqual(draw(3));
    const different = new Set(Array.from({ length: 50 }, (_, seed) => draw(seed).join()));
    expect(different.size).toBeGreaterThan(40);
  });

  it("without operations is the image itself", () => {
    expect(draw(3, { operations: 0, magnitude: highestMagnitude })).toBe(image);
  });

  it("draws any operation, in either direction, again and again, all at one magnitude", () => {
    const drawn = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      const random = Random.stream(seed);
      let expected = image;
      for (let count = 0; count < 2; count++) {
        const operation = random.choice(randAugmentOperations);
        const level = random.bernoulli(0.5) ? 0.3 : -0.3;
        expected = applyOperation(expected, operation, { ...shape, level });
        drawn.add(`${operation} ${level}`);
      }
      expect(draw(seed)).toEqual(expected);
    }
    expect(drawn.size).toBe(2 * randAugmentOperations.length);
  });
});
