import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "tar";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { collectChunks } from "./chunks.fixture.js";
import { cifar100, cifar100Source } from "./cifar100.js";
import { md5Of } from "./verify.js";

let base: string;
let dataDir: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "smash-cifar100-"));
  dataDir = join(base, "data");
});
afterEach(() => rm(base, { recursive: true, force: true }));

const recordBytes = 2 + 3072;
const bytes = (count: number) => count * recordBytes;

/** Coarse label i % 20, fine label 99 - i, pixels i. */
function records(count: number): Uint8Array {
  return Uint8Array.from({ length: bytes(count) }, (_, at) => {
    const record = Math.floor(at / recordBytes);
    return [record % 20, 99 - record][at % recordBytes] ?? record;
  });
}

async function makeArchive(): Promise<Buffer> {
  const inside = join(base, "made", "cifar-100-binary");
  await mkdir(inside, { recursive: true });
  await writeFile(join(inside, "train.bin"), records(6));
  await writeFile(join(inside, "test.bin"), records(2));
  const path = join(base, "made.tar.gz");
  await create({ file: path, cwd: join(base, "made"), gzip: true }, ["cifar-100-binary"]);
  return readFile(path);
}

const sourceAt = (url: string, archive: Uint8Array) =>
  cifar100Source({
    archive: { url, md5: md5Of(archive), folder: "cifar-100-binary" },
    train: { name: "train.bin", bytes: bytes(6) },
    test: { name: "test.bin", bytes: bytes(2) },
  });

describe("CIFAR-100", () => {
  it("is fetched from its archive and read with its fine labels", async () => {
    const archive = await makeArchive();
    const server = createServer((_, response) => response.end(archive));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const source = sourceAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}/c.tar.gz`, archive);
    await source.fetch(dataDir, {});
    server.close();
    expect((await readdir(join(dataDir, "cifar100"))).sort()).toEqual(["MD5SUMS", "test.bin", "train.bin"]);
    const { train, test } = await collectChunks(source.read(dataDir));
    expect([...train.labels]).toEqual([99, 98, 97, 96, 95, 94]);
    expect([...test.labels]).toEqual([99, 98]);
    expect(new Set(train.image(5))).toEqual(new Set([5]));
  });

  it("is unpacked from an archive that lies there, which stays; an altered file is then noticed", async () => {
    const archive = await makeArchive();
    const source = sourceAt("http://127.0.0.1:1/cifar-100-binary.tar.gz", archive);
    const folder = join(dataDir, "cifar100");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "cifar-100-binary.tar.gz"), archive);
    await source.fetch(dataDir, {});
    expect(await readdir(folder)).toContain("cifar-100-binary.tar.gz");
    const altered = Buffer.from(await readFile(join(folder, "train.bin")));
    altered[100] ^= 1;
    await writeFile(join(folder, "train.bin"), altered);
    await expect(collectChunks(source.read(dataDir))).rejects.toThrow(/train\.bin.*MD5/);
  });

  it("with a label that is none is refused", async () => {
    const folder = join(dataDir, "cifar100");
    await mkdir(folder, { recursive: true });
    const wrong = records(6);
    wrong[recordBytes + 1] = 100;
    await writeFile(join(folder, "train.bin"), wrong);
    await writeFile(join(folder, "test.bin"), records(2));
    const source = sourceAt("http://127.0.0.1:1/c.tar.gz", Buffer.alloc(0));
    await expect(collectChunks(source.read(dataDir))).rejects.toThrow(/labels 0 … 99.*label 100 in record 1/);
  });

  it("has a hundred different classes and the published counts", () => {
    expect(new Set(cifar100.classes).size).toBe(100);
    expect([...cifar100.classes]).toEqual([...cifar100.classes].sort());
    expect([cifar100.train.count, cifar100.test.count]).toEqual([50_000, 10_000]);
  });
});
