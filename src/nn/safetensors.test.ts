import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromArray, memoryStats, native, normal, scope, setThreads, Tensor, zeros } from "../tensor/index.js";
import { decodeSafetensors, disposeAll, encodeSafetensors } from "./index.js";

setThreads(2);

/** A file as another tool might write it: `header` as JSON (or as the text itself) and `payload`. */
function makeFile(header: unknown, payload: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(text.length), true);
  return Uint8Array.from([...length, ...text, ...payload]);
}

const damaged = (message: RegExp): unknown =>
  expect.objectContaining({ code: "checkpoint", message: expect.stringMatching(message) as string });

const bits = (tensor: Tensor) => new Uint8Array(native().readBytes(tensor.handle));
const fromBits = (bytes: Uint8Array, shape: readonly number[], dtype: Tensor["dtype"]) =>
  new Tensor(native().fromBytes(bytes, shape, dtype, "cpu"));

const elementBytes = { float32: 4, float64: 8, bfloat16: 2, int64: 8, int32: 4, uint8: 1 } as const;
const tensorFacts = fc
  .record({
    dtype: fc.constantFrom(...(Object.keys(elementBytes) as (keyof typeof elementBytes)[])),
    shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
  })
  .chain(({ dtype, shape }) => {
    const bytes = shape.reduce((product, length) => product * length, elementBytes[dtype]);
    return fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((data) => ({ dtype, shape, data }));
  });
const names = fc.string({ minLength: 1, unit: "grapheme" }).filter((name) => name !== "__metadata__");
const files = fc.array(fc.tuple(names, tensorFacts), { maxLength: 5 });
const metadataEntries = fc.dictionary(
  names.filter((name) => name !== "sha256"),
  fc.string({ unit: "grapheme" }),
);

describe("a safetensors file", () => {
  it("gives back every bit of every type, names, shapes and metadata", () => {
    fc.assert(
      fc.property(files, metadataEntries, (facts, metadata) => {
        scope(() => {
          const tensors = new Map(
            facts.map(([name, { dtype, shape, data }]) => [name, fromBits(data, shape, dtype)]),
          );
          const decoded = decodeSafetensors(encodeSafetensors(tensors, metadata));
          expect({ ...decoded.metadata }).toEqual({ ...metadata });
          expect(new Set(decoded.tensors.keys())).toEqual(new Set(tensors.keys()));
          for (const [name, tensor] of tensors) {
            const found = decoded.tensors.get(name)!;
            expect([found.dtype, found.shape, bits(found)]).toEqual([
              tensor.dtype,
              tensor.shape,
              bits(tensor),
            ]);
          }
          disposeAll(decoded.tensors);
        });
      }),
      { numRuns: 150, seed: 6 },
    );
  });

  it("keeps bfloat16 bit for bit, whatever kind of NaN", () => {
    scope(() => {
      const all = new Uint8Array(Uint16Array.from({ length: 1 << 16 }, (_, index) => index).buffer);
      const tensors = new Map([["all", fromBits(all, [1 << 16], "bfloat16")]]);
      const { tensors: decoded } = decodeSafetensors(encodeSafetensors(tensors));
      expect(Buffer.compare(bits(decoded.get("all")!), all)).toBe(0);
    });
  });

  it("holds channels-last and sliced tensors in row-major logical order", () => {
    scope(() => {
      const x = normal([2, 3, 4, 5], 1);
      const tensors = new Map([
        ["last", x.channelsLast()],
        ["slice", x.narrow(1, 1, 2)],
      ]);
      const { tensors: decoded } = decodeSafetensors(encodeSafetensors(tensors));
      expect(decoded.get("last")!.toArray()).toEqual(x.toArray());
      expect(decoded.get("slice")!.toArray()).toEqual(x.narrow(1, 1, 2).contiguous().toArray());
    });
  });

  it("is laid out as the format says", () => {
    scope(() => {
      const tensors = new Map([
        ["flag", fromArray([1, 0, 1], [3], { dtype: "bool" })],
        ["weight", fromArray([1, -2], [2, 1])],
        ["steps", fromArray([7], [1], { dtype: "int64" })],
      ]);
      const file = encodeSafetensors(tensors, { run: "a" });
      const view = new DataView(file.buffer);
      const length = Number(view.getBigUint64(0, true));
      expect(length % 8).toBe(0);
      const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length))) as Record<
        string,
        unknown
      >;
      expect(header).toMatchObject({
        __metadata__: { run: "a" },
        flag: { dtype: "BOOL", shape: [3], data_offsets: [16, 19] },
        weight: { dtype: "F32", shape: [2, 1], data_offsets: [8, 16] },
        steps: { dtype: "I64", shape: [1], data_offsets: [0, 8] },
      });
      expect(view.getBigInt64(8 + length, true)).toBe(7n);
      expect(view.getFloat32(8 + length + 12, true)).toBe(-2);
      expect(file.length).toBe(8 + length + 19);
    });
  });

  it("of another tool, without metadata and checksum, is read as well", () => {
    scope(() => {
      const header = { a: { dtype: "BF16", shape: [2], data_offsets: [0, 4] } };
      const { tensors, metadata } = decodeSafetensors(makeFile(header, Uint8Array.of(0x80, 0x3f, 0, 0xc0)));
      expect(tensors.get("a")!.toNumbers()).toEqual([1, -2]);
      expect(metadata).toEqual({});
    });
  });
});

describe("a damaged file", () => {
  const whole = scope(() =>
    encodeSafetensors(
      new Map([
        ["a", normal([3, 4], 1)],
        ["b", zeros([2], { dtype: "int64" })],
      ]),
      { step: "12" },
    ),
  );

  it("is noticed wherever a byte was altered, but in the name of the checksum, which alters no value", () => {
    const before = memoryStats().liveTensors;
    const name = Buffer.from(whole).indexOf('"sha256"');
    for (let at = 0; at < whole.length; at++) {
      if (at > name && at <= name + "sha256".length) continue;
      const altered = whole.slice();
      altered[at] ^= 1 + (at % 255);
      expect(() => decodeSafetensors(altered), `byte ${at}`).toThrow(damaged(/./));
    }
    expect(memoryStats().liveTensors).toBe(before);
  });

  it("is noticed wherever it was cut off, and when something was added", () => {
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeSafetensors(whole.subarray(0, length)), `${length} bytes`).toThrow(damaged(/./));
    }
    expect(() => decodeSafetensors(Uint8Array.from([...whole, 0]))).toThrow(damaged(/tensors take/));
  });

  it("is noticed in whatever bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(() => decodeSafetensors(bytes)).toThrow(damaged(/./));
      }),
      { seed: 7 },
    );
  });

  const one = (entry: object) =>
    makeFile({ a: { dtype: "F32", shape: [1], data_offsets: [0, 4], ...entry } }, new Uint8Array(4));
  const huge = new Uint8Array(16).fill(0xff);
  it.each([
    ["nothing", new Uint8Array(0), /0 bytes/],
    ["a header longer than the file", huge, /18446744073709551615 bytes in 16/],
    ["no JSON", makeFile("{", new Uint8Array(0)), /JSON/],
    ["no text", Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0xff), /JSON/],
    ["a list for a header", makeFile([], new Uint8Array(0)), /JSON object/],
    ["metadata of numbers", makeFile({ __metadata__: { a: 1 } }, new Uint8Array(0)), /__metadata__/],
    ["a tensor without a shape", one({ shape: undefined }), /data_offsets/],
    ["a negative size", one({ shape: [-1] }), /shape/],
    ["a fraction of a size", one({ shape: [0.5] }), /shape/],
    ["an unknown type", one({ dtype: "F8_E4M3" }), /F8_E4M3/],
    ["offsets in reverse", one({ data_offsets: [4, 0] }), /span/],
    ["a size that is not the span's", one({ shape: [2] }), /span/],
    ["offsets beyond the end", one({ shape: [2], data_offsets: [0, 8] }), /tensors take 8/],
    ["a size no memory could hold", one({ shape: [2 ** 52, 2 ** 52], data_offsets: [0, 4] }), /span/],
    ["the same, empty", one({ shape: [2 ** 52, 2 ** 52, 0], data_offsets: [0, 0] }), /span/],
    ["sizes that overflow to the span", one({ shape: [2 ** 32, 2 ** 32, 1], data_offsets: [0, 0] }), /span/],
    ["too many dimensions", one({ shape: new Array(65).fill(1) }), /shape/],
    ["an unknown key", one({ strides: [1] }), /strides/],
    [
      "tensors that overlap",
      makeFile(
        {
          a: { dtype: "U8", shape: [4], data_offsets: [0, 4] },
          b: { dtype: "U8", shape: [4], data_offsets: [2, 6] },
        },
        new Uint8Array(6),
      ),
      /follow each other/,
    ],
    ["a gap before the first tensor", one({ data_offsets: [4, 8] }), /follow each other/],
  ])("is an error that says so: %s", (_, bytes, message) => {
    const { peakBytes } = memoryStats();
    expect(() => decodeSafetensors(bytes)).toThrow(damaged(message));
    expect(memoryStats().peakBytes).toBe(peakBytes);
  });
});
