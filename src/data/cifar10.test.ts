import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdir, mkdtemp, readFile, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "tar";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fetchArchive, membersOf } from "./archive.js";
import { fetchCifar10 } from "./cifar10-fetch.js";
import { cifar10Files, cifar10Format, readRecords, recordBytes, recordsFromSheet } from "./cifar10-files.js";
import { collectChunks } from "./chunks.fixture.js";
import { cifar10, readCifar10 } from "./cifar10.js";
import { defaultDataDir } from "./data-dir.js";
import { loadDataset } from "./registry.js";
import { channelStatistics } from "./normalize.js";
import type { FetchEvent } from "./source.js";
import { md5Of } from "./verify.js";
import type { PublishedFile } from "./verify.js";

/** Records in the exact format: label i % 10, then bytes that tell record and position. */
function makeRecords(count: number, salt: number): Uint8Array {
  return Uint8Array.from({ length: count * recordBytes }, (_, at) => {
    const record = Math.floor(at / recordBytes);
    return at % recordBytes === 0 ? record % 10 : (at * 3 + record + salt) & 255;
  });
}

const load = (from: string) => collectChunks(readCifar10(from, files));

let folder: string;
let contents: Uint8Array[];
let files: PublishedFile[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "smash-cifar-"));
  contents = [makeRecords(4, 1), makeRecords(3, 2), makeRecords(2, 3)];
  files = contents.map((content, index) => {
    const name = ["data_batch_1.bin", "data_batch_2.bin", "test_batch.bin"][index];
    return { name, bytes: content.length, md5: md5Of(content) };
  });
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function writeFiles(into: string): Promise<void> {
  await mkdir(into, { recursive: true });
  for (const [index, file] of files.entries()) await writeFile(join(into, file.name), contents[index]);
}

describe("loading CIFAR-10", () => {
  it("reads the training files in order and the last file as the test set", async () => {
    await writeFiles(folder);
    const dataset = await load(folder);
    expect([...dataset.train.labels]).toEqual([0, 1, 2, 3, 0, 1, 2]);
    expect([...dataset.test.labels]).toEqual([0, 1]);
    expect(dataset.train.count).toBe(7);
    expect(dataset.train.imageBytes).toBe(3072);
    const second = contents[1];
    const expected = second.subarray(recordBytes + 1, 2 * recordBytes);
    expect(Buffer.compare(dataset.train.image(5), expected)).toBe(0);
  });

  it("names a missing file and the command that fetches it", async () => {
    await writeFiles(folder);
    await rm(join(folder, "data_batch_2.bin"));
    await expect(load(folder)).rejects.toMatchObject({
      code: "data",
      message: expect.stringMatching(/data_batch_2\.bin.*no such file.*smash data fetch cifar10/) as string,
    });
  });

  it("names a truncated file with both sizes", async () => {
    await writeFiles(folder);
    await truncate(join(folder, "test_batch.bin"), 5_000);
    await expect(load(folder)).rejects.toMatchObject({
      code: "data",
      message: expect.stringMatching(/test_batch\.bin.*6146 bytes.*5000 bytes.*truncated.*delete/) as string,
    });
  });

  it("names an altered file with both sums", async () => {
    await writeFiles(folder);
    const altered = contents[0].map((byte, at) => (at === 100 ? byte ^ 1 : byte));
    await writeFile(join(folder, "data_batch_1.bin"), altered);
    const work = load(folder);
    await expect(work).rejects.toThrow(files[0].md5);
    await expect(work).rejects.toThrow(md5Of(altered));
    await expect(work).rejects.toMatchObject({ code: "data" });
  });

  it("refuses records that are cut or have an unknown label, even with the right sum", () => {
    expect(() => readRecords(contents[0].subarray(0, -1), "f", cifar10Format)).toThrow(/3073/);
    const wrong = Uint8Array.from(contents[0]);
    wrong[recordBytes] = 10;
    expect(() => readRecords(wrong, "f", cifar10Format)).toThrow(/label 10 in record 1/);
  });
});

describe("recordsFromSheet", () => {
  it("turns interleaved rows into label, red plane, green plane, blue plane", () => {
    const sheet = Uint8Array.from({ length: 2 * 3072 }, (_, at) => (at % 3) * 80 + Math.floor(at / 3072));
    const records = recordsFromSheet(sheet, [7, 2]);
    expect([records[0], records[recordBytes]]).toEqual([7, 2]);
    const planes = records.subarray(recordBytes + 1);
    expect([...new Set(planes.subarray(0, 1024))]).toEqual([1]);
    expect([...new Set(planes.subarray(1024, 2048))]).toEqual([81]);
    expect([...new Set(planes.subarray(2048))]).toEqual([161]);
  });
});

describe("fetching CIFAR-10", () => {
  async function makeArchive(): Promise<Uint8Array> {
    const source = join(folder, "source");
    await writeFiles(join(source, "cifar-10-batches-bin"));
    await writeFile(join(source, "cifar-10-batches-bin", "readme.html"), "not wanted");
    await writeFile(join(source, "stray.bin"), "not wanted");
    const path = join(folder, "made.tar.gz");
    await create({ file: path, cwd: source, gzip: true }, ["cifar-10-batches-bin", "stray.bin"]);
    return readFile(path);
  }

  async function serving<T>(body: Uint8Array, work: (url: string) => Promise<T>): Promise<T> {
    const server = createServer((_, response) => response.end(body));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}/cifar.tar.gz`);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  const archiveFolder = "cifar-10-batches-bin";

  it("puts exactly the known files of the authors' archive into the folder", async () => {
    const body = await makeArchive();
    const goal = join(folder, "data", "cifar10");
    const events: FetchEvent[] = [];
    await serving(body, (url) =>
      fetchCifar10(goal, {
        archive: { url, md5: md5Of(body), folder: archiveFolder },
        files,
        onProgress: (event) => events.push(event),
      }),
    );
    expect((await readdir(goal)).sort()).toEqual(files.map(({ name }) => name));
    expect(await readdir(join(folder, "data"))).toEqual(["cifar10"]);
    expect((await load(goal)).train.count).toBe(7);
    expect(events[0]).toMatchObject({ kind: "source", dataset: "cifar10" });
    expect(events.at(-1)).toMatchObject({ kind: "progress", done: body.length });
  });

  it("unpacks no member that is larger than published", async () => {
    const body = await makeArchive();
    const workFolder = join(folder, "work");
    await mkdir(workFolder);
    const smaller = files.map((file) => ({ ...file, bytes: file.bytes - 1 }));
    await serving(body, (url) =>
      fetchArchive({
        dataset: "cifar10",
        archive: { url, md5: md5Of(body), folder: archiveFolder },
        members: membersOf(smaller),
        keepFolder: folder,
        workFolder,
      }),
    );
    expect(await readdir(workFolder)).toEqual([]);
  });

  it("stops, without trying another source, when it is interrupted", async () => {
    const events: FetchEvent[] = [];
    await expect(
      fetchCifar10(join(folder, "cifar10"), {
        archive: { url: "http://127.0.0.1:1/", md5: "", folder: archiveFolder },
        files,
        signal: AbortSignal.abort(),
        onProgress: (event) => events.push(event),
      }),
    ).rejects.toMatchObject({ code: "interrupted" });
    expect(events).toHaveLength(1);
  });
});

const present = (await cifar10.locate(defaultDataDir())) !== undefined;
const reason = present ? "" : " (skipped: not fetched; run `smash data fetch cifar10`)";

describe("the real CIFAR-10", () => {
  it.skipIf(!present)(`has the published content, counts and statistics${reason}`, async () => {
    const { train, test } = await loadDataset("cifar10", { dataDir: defaultDataDir() });
    expect([train.count, test.count]).toEqual([50_000, 10_000]);
    for (const set of [train, test]) {
      const perClass = new Array<number>(10).fill(0);
      for (const label of set.labels) perClass[label]++;
      expect(perClass).toEqual(new Array<number>(10).fill(set.count / 10));
    }
    const { mean, std } = channelStatistics(train, 3);
    // The values every CIFAR-10 recipe uses.
    [0.4914, 0.4822, 0.4465].forEach((value, channel) => expect(mean[channel]).toBeCloseTo(value, 4));
    [0.247, 0.2435, 0.2616].forEach((value, channel) => expect(std[channel]).toBeCloseTo(value, 4));
  });

  it("is published as six files of 10,000 records", () => {
    expect(cifar10Files.map(({ bytes }) => bytes / recordBytes)).toEqual(new Array<number>(6).fill(10_000));
  });
});
