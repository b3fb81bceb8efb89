import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSpace } from "../arch/index.js";
import { resolveConfig, type RunConfig } from "../config/index.js";
import { generateSynthetic } from "../data/index.js";
import { Random } from "../random.js";
import { defaultDevice, setThreads } from "../tensor/index.js";
import { loadCheckpoint, saveCheckpoint } from "../store/index.js";
import { bestEpochPath } from "./best-epoch.js";
import type { RunEvent } from "./events.js";
import { trainingFactsSchema } from "./facts.js";
import { prepareData } from "./prepare.js";
import { runEval, runTrain, type EvalJob } from "./train-job.js";

const folder = mkdtempSync(join(tmpdir(), "smash-train-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => setThreads(1));

const synthetic = generateSynthetic({ trainCount: 400, testCount: 50 });
const config = resolveConfig({
  preset: "tiny",
  dataset: { ...synthetic, classes: synthetic.classes.length },
  seed: 0,
  device: defaultDevice(),
  threads: 1,
  precision: "fp32",
});
const context = { emit: () => undefined, shouldStop: () => false, now: () => 0 };
const evaluate = (job: Pick<EvalJob, "checkpoint" | "dataset">) =>
  runEval({ ...job, device: defaultDevice(), precision: "fp32" }, context);

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

  it("is tested by eval to the same error, and so is the best epoch's file to its own", async () => {
    const { testError } = await runTrain(job, context);
    expect((await evaluate(job)).error).toBe(testError);
    const best = await evaluate({ ...job, checkpoint: bestEpochPath(job.checkpoint) });
    expect(best.error).toBeLessThan(1);
  });

  it("is not tested on a data set where a place stands for another class", async () => {
    await runTrain(job, context);
    const [first, second, ...rest] = synthetic.classes;
    const renamed = { ...synthetic, classes: [first, "kitten", ...rest] };
    await expect(evaluate({ ...job, dataset: renamed })).rejects.toThrow(
      `for "${second}" as class 1, which is "kitten" in synthetic. Fix: `,
    );
    const swapped = { ...synthetic, classes: [second, first, ...rest] };
    await expect(evaluate({ ...job, dataset: swapped })).rejects.toThrow(`for "${first}" as class 0`);
    const fewer = { ...synthetic, classes: [first, second] };
    await expect(evaluate({ ...job, dataset: fewer })).rejects.toThrow("for 10 classes, not the 2 in");
  });

  it("is not tested to the end when the user stops", async () => {
    const stopped = runEval(
      { ...job, device: defaultDevice(), precision: "fp32" },
      { ...context, shouldStop: () => true },
    );
    await expect(stopped).rejects.toMatchObject({ code: "interrupted" });
  });

  it("of an older version, without recipe and best epoch, still goes on", async () => {
    const { facts, tensors } = await loadCheckpoint(job.checkpoint, "cpu", trainingFactsSchema);
    const { recipe, best, isFinished, ...old } = facts;
    expect([recipe, best, isFinished]).not.toContain(undefined);
    const checkpoint = join(folder, "old.safetensors");
    await saveCheckpoint(checkpoint, tensors, old);
    const first = await runTrain(job, context);
    const second = await runTrain({ ...job, checkpoint }, context);
    const { bestEpoch, ...known } = first;
    expect(bestEpoch).toBeDefined();
    expect(second).toEqual({ ...known, checkpoint, test: { ...first.test, checkpoint } });
  });

  it.each([
    ["data set", { dataset: { ...synthetic, name: "other" } }, "trained on synthetic, not other"],
    [
      "name of a class",
      { dataset: { ...synthetic, classes: synthetic.classes.with(0, "kitten") } },
      `trained for "${synthetic.classes[0]}" as class 0, which is "kitten" in synthetic now`,
    ],
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
    [
      "recipe",
      { config: { ...config, networkTraining: { ...config.networkTraining, mixup: 0.2 } } },
      "trained with mixup nothing, not 0.2",
    ],
    ["seed", { config: { ...config, seed: 1 } }, "trained with seed 0, not 1"],
  ])("is refused for another %s, and kept", async (_, change, message) => {
    const refused = runTrain({ ...job, ...change }, context);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toThrow("Fix: give another --out");
  });
});

describe("the best epoch so far", () => {
  const architecture = createSpace(config.space).sample(Random.stream(1));
  const withSettings = (changes: Partial<RunConfig["networkTraining"]>): RunConfig => ({
    ...config,
    networkTraining: { ...config.networkTraining, ...changes },
  });
  const start = (name: string, changes: Partial<RunConfig["networkTraining"]>) => ({
    config: withSettings(changes),
    dataset: synthetic,
    architecture,
    checkpoint: join(folder, `${name}.safetensors`),
  });
  const isEpoch = (event: RunEvent) => event.type === "network-epoch";

  it("is a file that is as good as was reported", async () => {
    const job = start("watched", { epochs: 5 });
    const epochs: Extract<RunEvent, { type: "network-epoch" }>[] = [];
    const emit = (event: RunEvent) => {
      if (event.type === "network-epoch") epochs.push(event);
    };
    const { bestEpoch } = await runTrain(job, { ...context, emit });
    const lowest = Math.min(...epochs.map(({ validationError }) => validationError));
    expect(bestEpoch).toEqual({
      epoch: epochs.find(({ validationError }) => validationError === lowest)!.epoch,
      validationError: lowest,
      checkpoint: bestEpochPath(job.checkpoint),
    });
    const { set } = prepareData(config, synthetic).validation;
    const heldOut = { ...synthetic, test: set };
    const tested = { checkpoint: bestEpochPath(job.checkpoint), dataset: heldOut };
    expect((await evaluate(tested)).error).toBe(lowest);
  });

  it("is told, and stays, when the user stops", async () => {
    const job = start("stopped", { epochs: 5 });
    let epochs = 0;
    const emit = (event: RunEvent) => (epochs += Number(isEpoch(event)));
    const stopped = runTrain(job, { ...context, emit, shouldStop: () => epochs === 2 });
    await expect(stopped).rejects.toMatchObject({ code: "interrupted" });
    await expect(stopped).rejects.toThrow(bestEpochPath(job.checkpoint));
    await expect(stopped).rejects.toThrow("run the same command again");
    const best = await evaluate({ ...job, checkpoint: bestEpochPath(job.checkpoint) });
    expect(best.error).toBeLessThan(1);
    expect(best.unfinished).toBeUndefined();
    // The checkpoint itself, a network like any other, is told from one that is trained.
    const { unfinished } = await evaluate(job);
    expect(unfinished).toEqual({ step: 8, steps: 20 });
  });

  it("is told, and stays, when training diverges, with what to do next", async () => {
    // Goes well for an epoch, and blows up with the second.
    const job = start("diverged", { epochs: 4, rate: 1e25, warmup: 0, momentum: 0 });
    const calm = start("diverged", { epochs: 4, rate: 1e-9, warmup: 0, momentum: 0 });
    let epochs = 0;
    const emit = (event: RunEvent) => (epochs += Number(isEpoch(event)));
    await expect(runTrain(calm, { ...context, emit, shouldStop: () => epochs === 1 })).rejects.toThrow();
    await forgetRecipe(job.checkpoint);
    const diverged = runTrain(job, context);
    await expect(diverged).rejects.toMatchObject({ code: "diverged" });
    await expect(diverged).rejects.toThrow(/lower networkTraining.rate .* train anew with another --out/);
    await expect(diverged).rejects.toThrow(bestEpochPath(job.checkpoint));
    expect(existsSync(bestEpochPath(job.checkpoint))).toBe(true);
  });

  it("is the result of a training with early stopping, also when it is asked for again", async () => {
    const job = start("early", {
      epochs: 9,
      rate: 0.5,
      earlyStopping: { patience: 1 },
      average: { decay: 0.5 },
    });
    const first = await runTrain(job, context);
    expect(first.validationError).toBe(first.bestEpoch!.validationError);
    expect(first.epochs).toBeLessThan(9);
    expect(first.epochs).toBe(first.bestEpoch!.epoch + 1);
    const tested = await evaluate(job);
    expect(tested.error).toBe(first.testError);
    expect(tested.unfinished).toBeUndefined();
    // Nothing else is needed any more.
    rmSync(bestEpochPath(job.checkpoint));
    expect(await runTrain(job, context)).toEqual(first);
  });

  it("whose file was removed cannot become the result: that is told by its name", async () => {
    // A rate of nothing: the first epoch is the best.
    const job = start("lost", { epochs: 4, rate: 1e-30, earlyStopping: { patience: 2 } });
    let epochs = 0;
    const emit = (event: RunEvent) => (epochs += Number(isEpoch(event)));
    const stopped = runTrain(job, { ...context, emit, shouldStop: () => epochs === 1 });
    await expect(stopped).rejects.toMatchObject({ code: "interrupted" });
    rmSync(bestEpochPath(job.checkpoint));
    await expect(runTrain(job, context)).rejects.toThrow(bestEpochPath(job.checkpoint));
  });

  /** As a checkpoint of an older version, which goes on with any recipe. */
  async function forgetRecipe(checkpoint: string): Promise<void> {
    const { facts, tensors } = await loadCheckpoint(checkpoint, "cpu", trainingFactsSchema);
    await saveCheckpoint(checkpoint, tensors, { ...facts, recipe: undefined });
  }
});
