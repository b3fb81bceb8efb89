import { beforeAll, describe, expect, it } from "vitest";
import { batchIndices, channelStatistics, generateSynthetic } from "../data/index.js";
import { Random } from "../random.js";
import { defaultDevice, fromArray, scope, setThreads, type Tensor } from "../tensor/index.js";
import { backwardStep, type BackwardOptions } from "./backward.js";
import { loadBatch } from "./batch-tensors.js";
import { drawMixture, mixBatch } from "./mixup.js";

beforeAll(() => setThreads(1));

const dataset = generateSynthetic({ trainCount: 40, testCount: 10 });
const classes = dataset.classes.length;
const statistics = channelStatistics(dataset.train, dataset.channels);
const train = { set: dataset.train, size: dataset.size, statistics, device: defaultDevice() } as const;
const augment = { pad: 2, flip: true };
/** What the network of these tests answers to the image at a position of the batch: another class each time. */
const answerAt = (position: number) =>
  Array.from({ length: classes }, (_, label) => (label === position ? 2 : label / 10));
const smoothing = 0.1;
const [seed, step] = [5, 2];

function runStep(settings: Partial<BackwardOptions["settings"]>, answers = answerAt) {
  let seen: unknown;
  const forward = (images: Tensor) => {
    seen = images.toArray();
    const logits = Array.from({ length: images.shape[0] }, (_, position) => answers(position));
    return fromArray(logits.flat(), [logits.length, classes], { device: train.device }).requireGrad();
  };
  const options = { train, settings: { batchSize: 16, augment, labelSmoothing: smoothing, ...settings } };
  return scope(() => ({ ...backwardStep(forward, { ...options, seed, step }).read(), seen }));
}

/** Smoothed cross-entropy of the answer at a position with this class. */
function lossOf(label: number, position: number): number {
  const answer = answerAt(position);
  const scale = Math.log(answer.reduce((sum, logit) => sum + Math.exp(logit), 0));
  const costs = answer.map((logit) => scale - logit);
  return (1 - smoothing) * costs[label] + smoothing * meanOf(costs);
}

const errorOf = (label: number, position: number) => Number(label !== position);

const meanOf = (numbers: readonly number[]) =>
  numbers.reduce((sum, value) => sum + value, 0) / numbers.length;

describe("a training step", () => {
  // The third batch of 40 images: what is left of them.
  const indices = batchIndices({ count: 40, batchSize: 16, seed, step });
  const labels = Array.from(indices, (index) => dataset.train.labels[index]);
  const load = () => loadBatch(train, indices, { augment, random: Random.stream(seed, "augment", step) });

  it("tells the batch's smoothed loss, and the fraction classified wrongly", () => {
    const { loss, error, seen } = runStep({});
    expect(loss).toBeCloseTo(meanOf(labels.map(lossOf)), 5);
    expect(error).toBeCloseTo(meanOf(labels.map(errorOf)), 6);
    scope(() => expect(seen).toEqual(load().images.toArray()));
  });

  it("with mixup counts a label by its share, in the mixture of the seed and the step", () => {
    const { loss, error, seen } = runStep({ mixup: 0.4 });
    const mixture = drawMixture(0.4, { count: labels.length, seed, step });
    const { share, partners } = mixture;
    const mixed = (value: (label: number, position: number) => number) =>
      meanOf(labels.map((own, at) => share * value(own, at) + (1 - share) * value(labels[partners[at]], at)));
    expect(loss).toBeCloseTo(mixed(lossOf), 5);
    expect(error).toBeCloseTo(mixed(errorOf), 6);
    scope(() => expect(seen).toEqual(mixBatch(load(), mixture).images.toArray()));
  });

  it("whose loss is not finite is told by its number, from 1", () => {
    expect(() => runStep({}, () => Array<number>(classes).fill(NaN))).toThrow(
      expect.objectContaining({
        code: "diverged",
        message: expect.stringContaining("NaN at step 3.") as string,
      }),
    );
  });
});
