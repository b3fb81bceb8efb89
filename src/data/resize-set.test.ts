import { describe, expect, it } from "vitest";
import { imagesInMemory, selectImages } from "./image-set.js";
import { resizeImages } from "./resize-images.js";
import { resizeSet } from "./resize-set.js";

const options = { channels: 3, from: 4, to: 2 };
/** More than are copied at a time. */
const count = 520;
const pixels = Uint8Array.from({ length: count * 48 }, (_, place) => (place * 31) % 251);
const set = imagesInMemory(
  pixels,
  Array.from({ length: count }, (_, place) => place % 7),
);

describe("an image set at another size", () => {
  it("holds every image, resampled alone, with its label", async () => {
    const shuffled = selectImages(set, [519, 0, 2]);
    const resized = await resizeSet(shuffled, options);
    expect([...resized.labels]).toEqual([519 % 7, 0, 2]);
    for (const [place, index] of [519, 0, 2].entries()) {
      const alone = await resizeImages({ pixels: Uint8Array.from(set.image(index)) }, options);
      expect(resized.image(place)).toEqual(alone.pixels);
    }
  });

  it("is whole where there are more images than are copied at a time", async () => {
    const resized = await resizeSet(set, options);
    expect(resized).toMatchObject({ count, imageBytes: 12 });
    const last = await resizeImages({ pixels: Uint8Array.from(set.image(count - 1)) }, options);
    expect(resized.image(count - 1)).toEqual(last.pixels);
  });

  it("is the same set where the size stays", async () => {
    expect(await resizeSet(set, { ...options, to: 4 })).toBe(set);
  });
});
