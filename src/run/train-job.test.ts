import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSpace } from "../arch/index.js";
import { resolveConfig } from "../config/index.js";
import { generateSynthetic } from "../data/index.js";
import { Random } from "../random.js";
import { setThreads } from "../tensor/index.js";
import { runTrain } from "./train-job.js";

const folder = mkdtempSync(join(tmpdir(), "smash-train-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => setThreads(2));

const synthetic = generateSynthetic({ trainCount: 400, testCount: 50 });
const config = resolveConfig({
  preset: "tiny",
  dataset: { ...synthetic, classes: synthetic.classes.length },
  seed: 0,
  device: "cpu",
  threads: 2,
  precision: "fp32",
});
const context = { emit: () => undefined, shouldStop: () => false, now: () => 0 };

describe("a finished training's checkpoint", () => {
  const job = {
    config,
    dataset: synthetic,
    architecture: createSpace(config.space).sample(Random.stream(1)),
    checkpoint: join(folder, "network.safetensors"),
  };

  it("gives the same result when the same training is asked for again", async () => {
    const first = await runTrain(job, context);
    expect(await runTrain(job, context)).toEqual(first);
  });

  it.each([
    ["data set", { dataset: { ...synthetic, name: "other" } }, "trained on synthetic, not other"],
    [
      "architecture",
      { architecture: createSpace(config.space).sample(Random.stream(2)) },
      "another architecture",
    ],
    [
      "schedule",
      { config: { ...config, networkTraining: { ...config.networkTraining, epochs: 3 } } },
      "a schedule of 8 steps, not 12",
    ],
  ])("is refused for another %s", async (_, change, message) => {
    await expect(runTrain({ ...job, ...change }, context)).rejects.toThrow(message);
  });
});
