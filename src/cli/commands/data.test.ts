import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runSmash } from "../built-cli.fixture.js";

let dataDir = "";

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "smash-data-"));
});

afterAll(async () => {
  await rm(dataDir, { recursive: true });
});

interface Document {
  readonly datasets: readonly { readonly name: string }[];
}

it("list --json gives every data set with the contract's fields and nothing else", async () => {
  const { code, stdout } = await runSmash(["data", "list", "--json", "--data-dir", dataDir]);
  expect(code).toBe(0);
  const { datasets } = JSON.parse(stdout) as Document;
  const cifar = datasets.find(({ name }) => name === "cifar10");
  expect(cifar).toEqual({ name: "cifar10", present: false, verified: false, images: 60000, classes: 10 });
  const fields = ["name", "present", "verified", "images", "classes"];
  for (const dataset of datasets) expect(Object.keys(dataset)).toEqual(fields);
});

it("list is a table, with the folder below", async () => {
  const { stdout } = await runSmash(["data", "list"], { env: { SMASH_DATA: dataDir } });
  expect(stdout).toMatch(/^cifar10 +no +– +60,000 +10$/m);
  expect(stdout).toContain(`in ${dataDir}`);
});

it("check of a data set that is missing fails with what to do", async () => {
  const { code, stdout, stderr } = await runSmash(["data", "check", "cifar10", "--data-dir", dataDir]);
  expect(stdout).toMatch(/^cifar10 +no /m);
  expect(stderr).toMatch(/^smash: data: .*cifar10 is not in .* Fix: `smash data fetch cifar10`/);
  expect(code).toBe(1);
});

it("check of a damaged data set fails with what is wrong, the JSON stays pure", async () => {
  const damaged = join(dataDir, "damaged");
  // Where CIFAR-10 lies is the data folder's business; all the names it has had there are damaged.
  const names = [1, 2, 3, 4, 5].map((number) => `data_batch_${number}.bin`).concat("test_batch.bin");
  await mkdir(join(damaged, "cifar10"), { recursive: true });
  for (const name of names) await writeFile(join(damaged, "cifar10", name), "not an image");
  const args = ["data", "check", "cifar10", "--json", "--data-dir", damaged];
  const { code, stdout, stderr } = await runSmash(args);
  expect((JSON.parse(stdout) as Document).datasets).toEqual([
    { name: "cifar10", present: true, verified: false, images: 60000, classes: 10 },
  ]);
  expect(stderr).toMatch(/^smash: data: .*cifar10 is damaged: [^\n]*\n$/);
  expect(code).toBe(1);
});

it("check without names passes over what was never fetched", async () => {
  const { code, stdout } = await runSmash(["data", "check", "--data-dir", dataDir]);
  expect(stdout).not.toContain("cifar10");
  expect(code).toBe(0);
});

it("fetch of what is there already changes nothing", async () => {
  const args = ["data", "fetch", "synthetic", "--json", "--data-dir", dataDir];
  const { code, stdout, stderr } = await runSmash(args);
  expect(stdout).toMatch(/^\{"datasets":\[\{"name":"synthetic","present":true,"verified":true,/);
  expect(stderr).toBe("");
  expect(code).toBe(0);
});
