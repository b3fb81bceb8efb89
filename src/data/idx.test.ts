import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseIdx, unpack } from "./idx.js";

function encodeIdx(dimensions: readonly number[], values: Uint8Array): Uint8Array {
  const header = Buffer.alloc(4 + 4 * dimensions.length);
  header[2] = 0x08;
  header[3] = dimensions.length;
  dimensions.forEach((length, axis) => header.writeUInt32BE(length, 4 + 4 * axis));
  return Buffer.concat([header, values]);
}

describe("parseIdx", () => {
  it("gives back what was written, for any shape", () => {
    const shape = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(shape, fc.integer({ min: 0, max: 255 }), (dimensions, salt) => {
        const count = dimensions.reduce((product, length) => product * length, 1);
        const values = Uint8Array.from({ length: count }, (_, index) => (index * 7 + salt) & 255);
        const parsed = parseIdx(encodeIdx(dimensions, values), "f");
        expect(parsed.dimensions).toEqual(dimensions);
        expect([...parsed.values]).toEqual([...values]);
      }),
    );
  });

  it("reads bytes that start in the middle of a buffer", () => {
    const content = encodeIdx([2], Uint8Array.of(8, 9));
    const shifted = new Uint8Array(content.length + 3).fill(255);
    shifted.set(content, 3);
    expect([...parseIdx(shifted.subarray(3), "f").values]).toEqual([8, 9]);
  });

  const good = encodeIdx([2, 3], new Uint8Array(6));
  const changed = (position: number, value: number) =>
    good.map((byte, at) => (at === position ? value : byte));
  const huge = encodeIdx(new Array<number>(255).fill(0xffffffff), new Uint8Array(6));

  it.each<[string, Uint8Array, RegExp]>([
    ["nothing at all", new Uint8Array(0), /four bytes.*0 bytes/],
    ["a cut magic number", good.subarray(0, 3), /four bytes.*3 bytes/],
    ["a first byte that is not zero", changed(0, 1), /zero bytes.*0x0100/],
    ["a second byte that is not zero", changed(1, 0x1f), /zero bytes.*0x001f/],
    ["a type of floats", changed(2, 0x0d), /0x08.*0x0d/],
    ["no dimension", changed(3, 0), /one dimension/],
    ["a header cut in its dimensions", good.subarray(0, 11), /2 dimensions.*byte 11/],
    ["a dimension of zero", changed(11, 0), /at least 1.*2 x 0/],
    ["a claim of more than it holds", changed(7, 200), /200 x 3 = 600 values.*6 bytes/],
    ["a claim of terabytes", changed(4, 255), /values.*6 bytes/],
    ["a claim beyond any number", huge, /= Infinity values.*6 bytes/],
    ["a missing last byte", good.subarray(0, -1), /6 values.*5 bytes/],
    ["a byte too many", encodeIdx([2, 3], new Uint8Array(7)), /6 values.*7 bytes/],
  ])("refuses %s, naming the file", (_, content, message) => {
    expect(() => parseIdx(content, "some/file")).toThrow(message);
    expect(() => parseIdx(content, "some/file")).toThrow("some/file");
  });
});

describe("unpack", () => {
  const limits = { path: "f.gz", maxBytes: 100 };

  it("unpacks gzip and leaves other content alone", async () => {
    const content = Buffer.alloc(100, 7);
    expect(await unpack(gzipSync(content), limits)).toEqual(content);
    expect(await unpack(content, limits)).toBe(content);
  });

  it("refuses to unpack more than was announced", async () => {
    await expect(unpack(gzipSync(Buffer.alloc(10_000_000)), limits)).rejects.toThrow(
      /at most 100 bytes.*more/,
    );
  });

  it("refuses truncated and damaged gzip data", async () => {
    const packed = gzipSync(Buffer.from("the quick brown fox"));
    const damaged = Uint8Array.from(packed);
    damaged[12] ^= 0xff;
    await expect(unpack(packed.subarray(0, -9), limits)).rejects.toThrow("f.gz");
    await expect(unpack(damaged, limits)).rejects.toThrow("f.gz");
  });
});
