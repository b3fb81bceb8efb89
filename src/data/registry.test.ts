import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cifar10Files } from "./cifar10-files.js";
import { defaultDataDir } from "./data-dir.js";
import { datasetNames, loadDataset } from "./registry.js";
import { checkDataset, fetchDataset, listDatasets } from "./status.js";

let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "smash-registry-"));
});

afterEach(() => rm(dataDir, { recursive: true, force: true }));

describe("the known data sets", () => {
  it("suggests the nearest name for an unknown one", async () => {
    const work = loadDataset("cifar-10", { dataDir });
    await expect(work).rejects.toMatchObject({ code: "usage" });
    await expect(work).rejects.toThrow(/"cifar-10".*did you mean "cifar10"/);
    await expect(loadDataset("zebra", { dataDir })).rejects.toThrow(/use one of cifar10, cifar100/);
  });

  it.each(["modelnet10"])("says that %s is not there yet and lists what is", async (name) => {
    const work = checkDataset(name, { dataDir });
    await expect(work).rejects.toMatchObject({ code: "usage" });
    await expect(work).rejects.toThrow(/not there yet.*cifar10, cifar100, fashion-mnist, mnist/);
  });

  it("reports what is missing without fetching it", async () => {
    const status = { name: "cifar10", present: false, verified: false, images: 60_000, classes: 10 };
    expect(await checkDataset("cifar10", { dataDir })).toEqual(status);
    const rows = await listDatasets({ dataDir });
    expect(rows.map(({ name }) => name)).toEqual(datasetNames);
    expect(rows[0]).toEqual(status);
  });

  it("reports files that are not the published ones, and does not replace them unasked", async () => {
    await mkdir(join(dataDir, "cifar10"));
    for (const { name } of cifar10Files) await writeFile(join(dataDir, "cifar10", name), "mine");
    const status = await checkDataset("cifar10", { dataDir });
    expect(status).toMatchObject({ present: true, verified: false });
    expect(status.problem).toMatch(/data_batch_1\.bin.*4 bytes/);
    await expect(loadDataset("cifar10", { dataDir })).rejects.toMatchObject({ code: "data" });
  });

  it("loads the synthetic set without any file", async () => {
    const dataset = await loadDataset("synthetic", { dataDir });
    expect([dataset.train.count, dataset.test.count, dataset.size]).toEqual([2_000, 500, 16]);
    expect(await fetchDataset("synthetic", { dataDir })).toMatchObject({ verified: true, images: 2_500 });
  });
});

describe("defaultDataDir", () => {
  it("is SMASH_DATA where that is set, else a cache folder", () => {
    expect(defaultDataDir({ SMASH_DATA: "/somewhere" })).toBe("/somewhere");
    expect(defaultDataDir({ SMASH_DATA: "" })).toMatch(/smash/i);
    expect(defaultDataDir({})).toBe(defaultDataDir({ SMASH_DATA: "" }));
  });
});
