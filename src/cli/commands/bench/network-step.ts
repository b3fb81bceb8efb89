/** One step of normal training of a resulting network, ours and plain PyTorch's, interleaved on the same networks. */

import { ResultingNetwork } from "../../../network/index.js";
import { computeType } from "../../../run/index.js";
import { NetworkTraining } from "../../../train/index.js";
import type { CommandContext } from "../../run-command.js";
import { betweenSteps, median, tableOf, timeMs, type Benchmark } from "./benchmark.js";
import { withPeer } from "./peer.js";
import { augment, batchSize, createTraining, describeOptionsToPeer, sizes } from "./training.js";

/** Networks a size: their speed depends on what was sampled. */
const networks = 5;
const warmup = 2;

export const networkStep: Benchmark = {
  steps: 6,
  async run(steps, context) {
    const rows = [];
    for (const size of ["reference", "narrow"] as const) rows.push(await measure(size, steps, context));
    const text = rows.map(({ size, precision, oursMs, peerMs, ratio }) =>
      tableOf({
        ...{ size, precision, "ours, ms": oursMs.toFixed(0), "plain PyTorch, ms": peerMs.toFixed(0) },
        ...{ ratio: ratio.toFixed(2), target: "2" },
      }),
    );
    return { rows, text: text.join("\n") };
  },
};

async function measure(size: keyof typeof sizes, steps: number, context: CommandContext) {
  const { common, progress } = context;
  const { train, sample } = createTraining(sizes[size], common);
  const peerSettings = { ...describeOptionsToPeer(common), space: sizes[size], batchSize };
  const [ours, peers, ratios]: [number[], number[], number[]] = [[], [], []];
  progress.start(`network-step ${size}`, networks * (steps + warmup));
  await withPeer("network_step", peerSettings, async (peer) => {
    for (let network = 0; network < networks; network++) {
      const architecture = sample(network);
      const training = new NetworkTraining(
        new ResultingNetwork(architecture, { seed: 0, device: train.device }),
        {
          settings,
          train,
          validation: [],
          seed: common.seed,
          computeType: computeType(common),
        },
      );
      const [own, other]: [number[], number[]] = [[], []];
      for (let step = 0; step < steps + warmup; step++) {
        await betweenSteps(context);
        const ourTime = timeMs(() => training.runStep());
        const { ms: peerTime } = await peer.step({ network, architecture });
        progress.update(network * (steps + warmup) + step + 1);
        if (step < warmup) continue;
        own.push(ourTime);
        other.push(peerTime);
      }
      ours.push(median(own));
      peers.push(median(other));
      ratios.push(median(other) / median(own));
    }
  });
  progress.stop();
  const [oursMs, peerMs] = [median(ours), median(peers)];
  return {
    ...{ size, precision: common.precision, oursMs, peerMs, floorMs: null, ratio: peerMs / oursMs },
    /** Of each network, in the order of sampling. */
    ratios,
    targetRatio: 2,
  };
}

const settings = {
  epochs: 1000,
  batchSize,
  rate: 0.05,
  warmup: 0,
  momentum: 0.9,
  weightDecay: 1e-4,
  labelSmoothing: 0,
  augment,
};
