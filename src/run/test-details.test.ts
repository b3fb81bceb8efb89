import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, expect, it } from "vitest";
import { generateSynthetic } from "../data/index.js";
import { describeTest, readTestDetails, writeTestDetails } from "./test-details.js";

const folder = mkdtempSync(join(tmpdir(), "smash-test-details-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, "test.json");

const dataset = generateSynthetic({ trainCount: 20, testCount: 20 });
const count = dataset.classes.length;
const mistake = { index: 7, truth: 1, prediction: 2, probability: 0.9, truthProbability: 0.05 };
const score = {
  error: 0.25,
  top5Error: 0,
  loss: 1,
  confusion: Array.from({ length: count }, () => Array<number>(count).fill(1)),
  mistakes: [mistake],
};

it("what was written is read again, with the mistaken image as a picture", async () => {
  const details = await describeTest(score, { dataset, checkpoint: "best.safetensors" });
  await writeTestDetails(path, details);
  expect(await readTestDetails(path)).toEqual(details);
  const [{ png, ...rest }] = details.mistakes;
  expect(rest).toEqual(mistake);
  const pixels = await sharp(Buffer.from(png, "base64")).raw().toBuffer();
  const image = dataset.test.image(7); // [channels, size, size]
  expect(pixels[0]).toBe(image[0]);
  expect(pixels[1]).toBe(image[dataset.size ** 2]);
});

it("a run that tested nothing has no details", async () => {
  expect(await readTestDetails(join(folder, "none.json"))).toBeUndefined();
});

it.each([
  ["torn", `{"checkpoint":`],
  ["something else", `{"checkpoint": 1}`],
  [
    "of a class that is not there",
    JSON.stringify({
      ...{ checkpoint: "x", testError: 0, dataset: "d", classes: ["a"], confusion: [[1]] },
      mistakes: [{ ...mistake, png: "" }],
    }),
  ],
])("a file that is %s is refused with its name", async (_, content) => {
  writeFileSync(path, content);
  await expect(readTestDetails(path)).rejects.toThrow(
    /test\.json must be what smash train wrote.*remove it/s,
  );
});
