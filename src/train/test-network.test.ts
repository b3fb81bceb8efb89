import { beforeAll, expect, it, vi } from "vitest";
import { createSpace } from "../arch/index.js";
import { channelStatistics, generateSynthetic } from "../data/index.js";
import { createNetwork, runningStatistics } from "../network/index.js";
import { Random } from "../random.js";
import { defaultDevice, noGrad, scope, setThreads } from "../tensor/index.js";
import { loadBatches } from "./batch-tensors.js";
import { testNetwork } from "./test-network.js";

beforeAll(() => setThreads(1));

const dataset = generateSynthetic({ trainCount: 50, testCount: 90 });
const { classes, channels, size } = dataset;
const space = createSpace({
  ...{ name: "memory-banks", baseChannels: 4, maxUnits: 8, depthCompression: 2, depth: 1, width: 1 },
  ...{ bottleneck: 2, kernel: 3, maxDilation: 2, stemKernel: 3 },
  input: { channels, size },
  classes: classes.length,
});
const network = createNetwork(space.sample(Random.stream(1)), { seed: 0, device: defaultDevice() });
const statistics = channelStatistics(dataset.train, channels);
const source = { set: dataset.test, size, statistics, device: defaultDevice() } as const;

/** What the network gives the classes of every image. */
function probabilityRows(): number[][] {
  const probabilities = noGrad(() =>
    scope(() => {
      const [{ images }] = loadBatches(source, 90);
      return network.forward(images, { statistics: runningStatistics }).softmax(1).toNumbers();
    }),
  );
  return Array.from({ length: 90 }, (_, index) =>
    probabilities.slice(index * classes.length, (index + 1) * classes.length),
  );
}

it("the mistakes are the surest ones of all, in order, at their places among the images", () => {
  const { mistakes, confusion } = testNetwork(network, loadBatches(source, 40));
  const rows = probabilityRows();
  const expected = rows
    .map((row, index) => ({ index, row, truth: dataset.test.labels[index], top: Math.max(...row) }))
    .filter(({ row, truth, top }) => row[truth] !== top)
    .sort((one, other) => other.top - one.top)
    .slice(0, 24);
  expect(mistakes).toHaveLength(24);
  expect(mistakes.map(({ index }) => index)).toEqual(expected.map(({ index }) => index));
  for (const [place, { row, truth, top }] of expected.entries()) {
    expect(mistakes[place].truth).toBe(truth);
    expect(row[mistakes[place].prediction]).toBe(top);
    expect(mistakes[place].probability).toBeCloseTo(top, 5);
    expect(mistakes[place].truthProbability).toBeCloseTo(row[truth], 5);
  }
  const tally = classes.map(() => classes.map(() => 0));
  for (const [index, row] of rows.entries())
    tally[dataset.test.labels[index]][row.indexOf(Math.max(...row))]++;
  expect(confusion).toEqual(tally);
});

it("errors are fractions of the images, by the first guess and by the first five; the loss is the mean", () => {
  const forward = vi.spyOn(network, "forward");
  const { error, top5Error, loss } = testNetwork(network, loadBatches(source, 40), "float32");
  expect(forward.mock.calls.map(([, options]) => options.computeType)).toEqual(Array(3).fill("float32"));
  forward.mockRestore();
  const truths = probabilityRows().map((row, index) => ({ row, own: row[dataset.test.labels[index]] }));
  /** Images for which at least so many classes are more probable than their own. */
  const missedBy = (guesses: number) =>
    truths.filter(({ row, own }) => row.filter((other) => other > own).length >= guesses).length;
  expect(missedBy(4)).toBeGreaterThan(missedBy(5));
  expect(error).toBeCloseTo(missedBy(1) / 90, 10);
  expect(top5Error).toBeCloseTo(missedBy(5) / 90, 10);
  expect(loss).toBeCloseTo(truths.reduce((sum, { own }) => sum - Math.log(own), 0) / 90, 4);
});
