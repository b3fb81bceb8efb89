/**
 * One HyperNet training step, ours and plain PyTorch's, interleaved on the same architectures. Ours fills its batch as
 * well, which the peer finds ready. The floor is the step's convolutions at the rate of a convolution that suits the
 * processor well.
 */

import { countCost } from "../../../arch/index.js";
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
      ({ size, precision, oursMs, peerMs, floorMs, ratio }) =>
        `${size} ${precision}: ours ${oursMs.toFixed(0)} ms, plain PyTorch ${peerMs.toFixed(0)} ms, floor ${floorMs.toFixed(0)} ms: ${ratio.toFixed(2)} times as fast`,
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
  const [ours, peers, flops]: [number[], number[], number[]] = [[], [], []];
  progress.start(`hypernet-step ${size}`, steps + warmup);
  for (let step = 0; step < steps + warmup; step++) {
    const architecture = sample(step);
    const start = performance.now();
    training.runStep(architecture);
    const ourTime = performance.now() - start;
    const { ms: peerTime } = await peer.step(describeToPeer(architecture, space));
    progress.update(step + 1);
    if (step < warmup) continue;
    ours.push(ourTime);
    peers.push(peerTime);
    flops.push(countCost(architecture).flops);
  }
  peer.stop();
  progress.stop();
  // Forward, gradient of the input, gradient of the weight; a multiply-add is two operations.
  const operations = 2 * 3 * batchSize * median(flops);
  const [oursMs, peerMs] = [median(ours), median(peers)];
  const floorMs = (1000 * operations) / convolutionRate();
  return { size, precision: common.precision, oursMs, peerMs, floorMs, ratio: peerMs / oursMs };
}

/** Operations a second of a 3x3 convolution, 64 to 64 channels on 50 images of 32x32: a shape that suits the library. */
function convolutionRate(): number {
  return noGrad(() =>
    scope(() => {
      const x = normal([batchSize, 64, 32, 32], 1).channelsLast();
      const weight = normal([64, 64, 3, 3], 2).channelsLast();
      const times: number[] = [];
      for (let run = 0; run < 12; run++) {
        const start = performance.now();
        conv2d(x, weight, { padding: 1 }).dispose();
        times.push(performance.now() - start);
      }
      return (1000 * 2 * batchSize * 32 * 32 * 64 * 64 * 9) / median(times);
    }),
  );
}
