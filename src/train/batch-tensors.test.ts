import { beforeAll, expect, it } from "vitest";
import { channelStatistics, generateSynthetic } from "../data/index.js";
import { defaultDevice, scope, setThreads } from "../tensor/index.js";
import { loadBatches } from "./batch-tensors.js";

beforeAll(() => setThreads(1));

const { train, size, channels } = generateSynthetic({ trainCount: 30, testCount: 10 });
const source = {
  ...{ set: train, size, statistics: channelStatistics(train, channels) },
  device: defaultDevice(),
};

it.each([
  ["all", {}, [12, 12, 6]],
  ["the first of them", { count: 20 }, [12, 8]],
  ["no more than there are", { count: 50 }, [12, 12, 6]],
])("batches to score by are of %s, in order, none left out", (_, options, counts) => {
  scope(() => {
    const batches = loadBatches(source, 12, options);
    expect(batches.map(({ count }) => count)).toEqual(counts);
    expect(batches.map(({ images }) => images.shape[0])).toEqual(counts);
    const labels = batches.flatMap(({ labels }) => labels.toNumbers());
    expect(labels).toEqual(Array.from(train.labels.slice(0, labels.length)));
  });
});
