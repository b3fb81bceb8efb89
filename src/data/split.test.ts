import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Dataset, ImageSet } from "./dataset.js";
import { imagesInMemory } from "./image-set.js";
import { splitTrain } from "./split.js";

/** Image i holds the bytes i, i + 1, …, so that it can be recognised. */
function countingSet(count: number, length = 4): ImageSet {
  const images = Uint8Array.from(
    { length: count * length },
    (_, at) => Math.floor(at / length) + (at % length),
  );
  return imagesInMemory(
    images,
    Array.from({ length: count }, (_, index) => index % 7),
  );
}

function countingDataset(count: number): Dataset {
  const classes = ["a", "b", "c", "d", "e", "f", "g"];
  return { name: "toy", classes, channels: 1, size: 2, train: countingSet(count), test: countingSet(1) };
}

describe("splitTrain", () => {
  it("puts each training image, with its label, into exactly one part", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 200 }),
        fc.nat(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (count, seed, share) => {
          const validationCount = 1 + Math.floor(share * (count - 2));
          const dataset = countingDataset(count);
          const { train, validation, validationIndices } = splitTrain(dataset, { validationCount, seed });
          expect(validation.count).toBe(validationCount);
          expect(train.count).toBe(count - validationCount);
          const seen: number[] = [];
          for (const set of [train, validation]) {
            for (let index = 0; index < set.count; index++) {
              const image = set.image(index);
              const original = image[0];
              expect(image[3]).toBe((original + 3) & 255);
              expect(set.labels[index]).toBe(original % 7);
              seen.push(original);
            }
          }
          expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index));
          expect([...validation.labels]).toEqual(validationIndices.map((index) => index % 7));
        },
      ),
    );
  });

  it("is stable: the same seed holds out the same images, today and tomorrow", () => {
    const held = (seed: number) =>
      splitTrain(countingDataset(100), { validationCount: 8, seed }).validationIndices;
    expect(held(0)).toEqual(held(0));
    expect(held(0)).not.toEqual(held(1));
    // A change of these numbers makes every earlier run's validation set wrong.
    expect(held(0)).toMatchInlineSnapshot(`
      [
        15,
        40,
        57,
        63,
        68,
        82,
        83,
        90,
      ]
    `);
  });

  it.each([0, -1, 2.5, 10, 11, NaN])("refuses to hold out %s of 10 images", (validationCount) => {
    expect(() => splitTrain(countingDataset(10), { validationCount, seed: 0 })).toThrow(/1 … 9/);
  });
});
