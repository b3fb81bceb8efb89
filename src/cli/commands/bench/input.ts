/** Filling one augmented batch as training does, against the step that takes it. Target: under 5 % of the step. */

import { batchIndices } from "../../../data/index.js";
import { Random } from "../../../random.js";
import { scope } from "../../../tensor/index.js";
import { loadBatch } from "../../../train/index.js";
import { formatPercent } from "../../../report/index.js";
import { betweenSteps, median, tableOf, timeMs, type Benchmark } from "./benchmark.js";
import { augment, batchSize, createTraining, sizes } from "./training.js";

const warmup = 3;

export const input: Benchmark = {
  steps: 15,
  async run(steps, context) {
    const { common, progress } = context;
    const size = "narrow";
    const { training, train, sample } = createTraining(sizes[size], common);
    const { seed } = common;
    const [fills, whole]: [number[], number[]] = [[], []];
    progress.start(`input ${size}`, steps + warmup);
    for (let step = 0; step < steps + warmup; step++) {
      await betweenSteps(context);
      const architecture = sample(step);
      const fill = () => {
        const indices = batchIndices({ count: train.set.count, batchSize, seed, step });
        loadBatch(train, indices, { augment, random: Random.stream(seed, "augment", step) });
      };
      const [fillTime, stepTime] = [timeMs(() => scope(fill)), timeMs(() => training.runStep(architecture))];
      progress.update(step + 1);
      if (step < warmup) continue;
      fills.push(fillTime);
      whole.push(stepTime);
    }
    progress.stop();
    const [oursMs, stepMs] = [median(fills), median(whole)];
    const share = oursMs / stepMs;
    const row = {
      ...{ size, precision: common.precision, oursMs, peerMs: null, floorMs: null, ratio: null },
      ...{ images: batchSize, stepMs, share, targetShare: 0.05 },
    };
    const text = tableOf({
      ...{ size, precision: row.precision, "batch, ms": oursMs.toFixed(2), "step, ms": stepMs.toFixed(0) },
      ...{ share: formatPercent(share), target: "< 5 %" },
    });
    return { rows: [row], text };
  },
};
