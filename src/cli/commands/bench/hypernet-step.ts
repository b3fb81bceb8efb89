/**
 * One HyperNet training step, ours and plain PyTorch's, interleaved on the same architectures. Ours fills its batch as
 * well, which the peer finds ready. The floor of a step is its convolutions at the rate of one that suits the processor
 * well, measured beside the step: the processor's speed drifts.
 */

import { countCost } from "../../../arch/index.js";
import { formatPercent } from "../../../report/index.js";
import { conv2d, noGrad, normal, scope } from "../../../tensor/index.js";
import type { CommandContext } from "../../run-command.js";
import { median, type Benchmark } from "./benchmark.js";
import { describeSpaceToPeer, describeToPeer, startPeer } from "./peer.js";
import { batchSize, createTraining, hypernet, sizes } from "./training.js";

/** The first steps meet most shapes for the first time, on both sides. */
const warmup = 3;

export const hypernetStep: Benchmark = {
  steps: 15,
  async run(steps, context) {
    const rows = [];
    for (const size of ["reference", "narrow"] as const) rows.push(await measure(size, steps, context));
    const lines = rows.map(
      ({ size, precision, oursMs, peerMs, floorMs, floorShare, ratio }) =>
        `${size} ${precision}: ours ${oursMs.toFixed(0)} ms, plain PyTorch ${peerMs.toFixed(0)} ms, floor ${floorMs.toFixed(0)} ms (${formatPercent(floorShare)}): ${ratio.toFixed(2)} times as fast`,
    );
    return { rows, text: lines.join("\n") };
  },
};

async function measure(size: keyof typeof sizes, steps: number, { common, progress }: CommandContext) {
  const space = sizes[size];
  const peer = startPeer("hypernet_step", {
    ...{ threads: common.threads, batchSize, hypernet },
    ...describeSpaceToPeer(space),
  });
  const { training, sample } = createTraining(space, common);
  const bestConvolution = createBestConvolution();
  const [ours, peers, floors]: [number[], number[], number[]] = [[], [], []];
  progress.start(`hypernet-step ${size}`, steps + warmup);
  for (let step = 0; step < steps + warmup; step++) {
    const architecture = sample(step);
    const start = performance.now();
    training.runStep(architecture);
    const ourTime = performance.now() - start;
    const rate = bestConvolution.measure();
    const { ms: peerTime } = await peer.step(describeToPeer(architecture, space));
    progress.update(step + 1);
    if (step < warmup) continue;
    ours.push(ourTime);
    peers.push(peerTime);
    // Forward, gradient of the input, gradient of the weight; a multiply-add is two operations.
    floors.push((1000 * 2 * 3 * batchSize * countCost(architecture).flops) / rate);
  }
  bestConvolution.dispose();
  peer.stop();
  progress.stop();
  const [oursMs, peerMs, floorMs] = [ours, peers, floors].map(median);
  return {
    ...{ size, precision: common.precision, oursMs, peerMs, floorMs, ratio: peerMs / oursMs },
    /** Median of the steps' own shares. */
    floorShare: median(floors.map((floor, index) => floor / ours[index])),
  };
}

/** A 3x3 convolution, 64 to 64 channels on 50 images of 32x32: a shape that suits the library. */
function createBestConvolution() {
  const [x, weight] = scope(() => [
    normal([batchSize, 64, 32, 32], 1).channelsLast(),
    normal([64, 64, 3, 3], 2).channelsLast(),
  ]);
  return {
    /** Operations a second, now. */
    measure(): number {
      const times = Array.from({ length: 5 }, () => {
        const start = performance.now();
        noGrad(() => conv2d(x, weight, { padding: 1 }).dispose());
        return performance.now() - start;
      });
      return (1000 * 2 * batchSize * 32 * 32 * 64 * 64 * 9) / median(times);
    },
    dispose() {
      x.dispose();
      weight.dispose();
    },
  };
}
