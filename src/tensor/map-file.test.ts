import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { mapFile } from "./index.js";

const folder = mkdtempSync(join(tmpdir(), "smash-map-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const path = join(folder, "bytes");
const content = Uint8Array.from({ length: 20_000 }, (_, at) => (at * 7) & 255);
writeFileSync(path, content);

describe("a mapped file", () => {
  it.each([
    [0, 20_000],
    [1, 19_999],
    [4096, 4096],
    [5_001, 9_000],
    [20_000, 0],
  ])("holds bytes %i and %i following ones, wherever pages begin", (offset, length) => {
    const mapped = mapFile(path, { offset, length });
    expect(Buffer.compare(mapped, content.subarray(offset, offset + length))).toBe(0);
  });

  it("can be written to without changing the file or another mapping", () => {
    const [mine, other] = [0, 1].map(() => mapFile(path, { offset: 10, length: 100 }));
    mine.fill(1);
    expect(other[0]).toBe(content[10]);
    expect(readFileSync(path)[10]).toBe(content[10]);
  });

  it.each([
    ["behind the end", path, 0, 20_001],
    ["that begins behind the end", path, 30_000, 1],
    ["before the beginning", path, -1, 2],
    ["of no file", join(folder, "none"), 0, 1],
    ["of a folder", folder, 0, 1],
  ])("of a range %s is refused", (_, file, offset, length) => {
    expect(() => mapFile(file, { offset, length })).toThrow(
      expect.objectContaining({
        code: "engine",
        message: expect.stringContaining(file) as string,
      }) as Error,
    );
  });
});
