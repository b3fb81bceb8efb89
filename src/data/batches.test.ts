import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../random.js";
import { drawPlacement } from "./augment.js";
import type { Augmentation, Placement } from "./augment.js";
import { fillBatch } from "./batches.js";
import type { FillOptions } from "./batches.js";
import type { ImageSet } from "./dataset.js";
import { imagesInMemory } from "./image-set.js";

function randomSet(count: number, channels: number, size: number): ImageSet {
  const random = Random.stream(1, count, channels, size);
  const images = Uint8Array.from({ length: count * channels * size * size }, () => random.integer(0, 255));
  return imagesInMemory(
    images,
    Array.from({ length: count }, (_, index) => index % 10),
  );
}

const statistics = (channels: number) => ({
  mean: Array.from({ length: channels }, (_, channel) => 0.3 + 0.1 * channel),
  std: Array.from({ length: channels }, (_, channel) => 0.2 + 0.05 * channel),
});

interface Naive {
  readonly channels: number;
  readonly size: number;
  readonly pad: number;
  readonly placement: Placement;
}

/** By the book: pad the image with zeros, crop, mirror, normalise. [C, H, W] */
function augmentNaively(image: Uint8Array, { channels, size, pad, placement }: Naive): number[] {
  const { mean, std } = statistics(channels);
  const padded = Array.from({ length: channels }, (_, c) =>
    Array.from({ length: size + 2 * pad }, (_, y) =>
      Array.from({ length: size + 2 * pad }, (_, x) => {
        const inside = y >= pad && y < size + pad && x >= pad && x < size + pad;
        return inside ? image[(c * size + y - pad) * size + x - pad] : 0;
      }),
    ),
  );
  return padded.flatMap((plane, c) =>
    plane.slice(pad + placement.down, pad + placement.down + size).flatMap((row) => {
      const cropped = row.slice(pad + placement.right, pad + placement.right + size);
      if (placement.mirrored) cropped.reverse();
      return cropped.map((value) => Math.fround((value / 255 - mean[c]) / std[c]));
    }),
  );
}

/** [N, H, W, C] -> [N, C, H, W] */
function toPlanes(
  values: Float32Array,
  { channels, size }: { channels: number; size: number },
): Float32Array {
  const plane = size * size;
  return values.map((_, at) => {
    const image = Math.floor(at / (channels * plane));
    const channel = Math.floor(at / plane) % channels;
    return values[image * channels * plane + (at % plane) * channels + channel];
  });
}

const standard: Augmentation = { pad: 4, flip: true };

describe("fillBatch", () => {
  it("is exactly the naive crop of the padded image, mirrored, in both layouts", () => {
    const arbitrary = fc.record({
      channels: fc.constantFrom(1, 2, 3),
      size: fc.integer({ min: 1, max: 9 }),
      pad: fc.integer({ min: 0, max: 10 }),
      flip: fc.boolean(),
      seed: fc.nat(),
      layout: fc.constantFrom<FillOptions["layout"]>("nchw", "nhwc"),
    });
    fc.assert(
      fc.property(arbitrary, ({ channels, size, pad, flip, seed, layout }) => {
        const set = randomSet(4, channels, size);
        const indices = [2, 0, 3, 0];
        const augment = { pad, flip };
        const batch = fillBatch(set, indices, {
          ...statistics(channels),
          layout,
          augment,
          random: Random.stream(seed),
        });
        const random = Random.stream(seed);
        const expected = indices.flatMap((index) => {
          return augmentNaively(set.image(index), {
            channels,
            size,
            pad,
            placement: drawPlacement(random, augment),
          });
        });
        const found = layout === "nchw" ? batch.images : toPlanes(batch.images, { channels, size });
        expect([...found]).toEqual(expected);
        expect([...batch.labels]).toEqual([2n, 0n, 3n, 0n]);
      }),
    );
  });

  it("only normalises without augmentation, and then the layouts differ in nothing but order", () => {
    const set = randomSet(3, 3, 8);
    const planes = fillBatch(set, [1], { ...statistics(3), layout: "nchw" }).images;
    const placement = { down: 0, right: 0, mirrored: false };
    expect([...planes]).toEqual(augmentNaively(set.image(1), { channels: 3, size: 8, pad: 0, placement }));
    const last = fillBatch(set, [1], { ...statistics(3), layout: "nhwc" }).images;
    expect(toPlanes(last, { channels: 3, size: 8 })).toEqual(planes);
  });

  it("gives the same batch for the same stream and leaves nothing of an earlier one in `out`", () => {
    const set = randomSet(10, 3, 8);
    const indices = Int32Array.of(9, 4, 4);
    const fill = (seed: number, out?: FillOptions["out"]) =>
      fillBatch(set, indices, {
        ...statistics(3),
        layout: "nhwc",
        augment: standard,
        random: Random.stream(seed),
        out,
      });
    const out = { images: new Float32Array(3 * 192).fill(NaN), labels: new BigInt64Array(3) };
    expect(fill(1, out)).toBe(out);
    expect(fill(1)).toEqual(out);
    expect(fill(2)).not.toEqual(out);
  });

  it.each([{ cutout: 3 }, { randAugment: { operations: 2, magnitude: 30 } }])(
    "changes each image of a batch in its own way, with %o",
    (changes) => {
      const options = { ...statistics(3), layout: "nhwc", random: Random.stream(0) } as const;
      const augment = { pad: 0, flip: false, ...changes };
      const { images } = fillBatch(randomSet(1, 3, 8), Array<number>(10).fill(0), { ...options, augment });
      const each = Array.from({ length: 10 }, (_, at) => images.subarray(at * 192, (at + 1) * 192).join());
      expect(new Set(each).size).toBeGreaterThan(5);
    },
  );

  it("names what does not fit", () => {
    const set = randomSet(4, 3, 8);
    const options = { ...statistics(3), layout: "nchw" } as const;
    const out = { images: new Float32Array(5), labels: new BigInt64Array(2) };
    expect(() => fillBatch(set, [0, 1], { ...options, out })).toThrow(/2 images of 192 values.*5 values/);
    expect(() => fillBatch(set, [4], options)).toThrow(/0 … 3.*4/);
    expect(() => fillBatch(set, [-1], options)).toThrow(/-1/);
    expect(() => fillBatch(set, [0], { ...options, mean: [0, 0] })).toThrow(/2 and 3 values/);
    expect(() => fillBatch(set, [0], { ...options, augment: standard })).toThrow(/random/);
  });
});

describe("drawPlacement", () => {
  it("reaches every shift and both orientations, and mirrors nothing when told so", () => {
    const random = Random.stream(0);
    const placements = Array.from({ length: 2_000 }, () => drawPlacement(random, standard));
    const shifts = [-4, -3, -2, -1, 0, 1, 2, 3, 4];
    expect([...new Set(placements.map(({ down }) => down))].sort((a, b) => a - b)).toEqual(shifts);
    expect([...new Set(placements.map(({ right }) => right))].sort((a, b) => a - b)).toEqual(shifts);
    const share = placements.filter(({ mirrored }) => mirrored).length / placements.length;
    expect(share).toBeGreaterThan(0.45);
    expect(share).toBeLessThan(0.55);
    expect(drawPlacement(Random.stream(1), { pad: 0, flip: false })).toMatchObject({ mirrored: false });
  });

  it("draws the same shifts whether or not images are mirrored", () => {
    const shifts = (flip: boolean) => {
      const random = Random.stream(3);
      return Array.from({ length: 20 }, () => {
        const { down, right } = drawPlacement(random, { pad: 4, flip });
        return [down, right];
      });
    };
    expect(shifts(true)).toEqual(shifts(false));
  });
});
