import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
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

it("check folder:PATH says what is in an own folder, as JSON and in words", async () => {
  const root = join(dataDir, "pictures");
  for (const [path, shade] of [
    ["cat/1.png", 1],
    ["cat/2.png", 2],
    ["dog/1.png", 3],
    ["dog/2.png", 4],
    ["dog/again.png", 4],
  ] as const) {
    await mkdir(join(root, path, ".."), { recursive: true });
    await sharp({
      create: { width: 8, height: 8, channels: 3, background: { r: shade, g: 0, b: 0 } },
    }).toFile(join(root, path));
  }
  await writeFile(join(root, "dog", "broken.jpg"), "no image");
  const args = ["data", "check", `folder:${root}`, "--image-size", "8", "--data-dir", join(dataDir, "cache")];
  const asJson = await runSmash([...args, "--json"]);
  expect(asJson.code).toBe(0);
  expect((JSON.parse(asJson.stdout) as Document).datasets).toMatchObject([
    {
      name: `folder:${root}`,
      images: 4,
      classes: 2,
      report: {
        split: "drawn",
        classes: [
          { name: "cat", train: 1, test: 1 },
          { name: "dog", train: 1, test: 1 },
        ],
        unreadable: [{ path: "dog/broken.jpg" }],
        duplicates: [{ path: "dog/again.png", of: "dog/2.png", otherClass: false }],
      },
    },
  ]);
  const { stdout } = await runSmash(args);
  expect(stdout).toMatch(/^dog +1 +1 +50/m);
  expect(stdout).toMatch(/^unreadable, left out: 1\n {2}dog\/broken\.jpg: not a JPEG/m);
  expect(stdout).toMatch(/^duplicates, left out: 1\n {2}dog\/again\.png is dog\/2\.png$/m);
});
