/**
 * One HyperNet training step, ours and plain PyTorch's, interleaved on the same architectures. Ours fills its batch as
 * well, which the peer finds ready. The floor of a step is its convolutions at the rate of one that suits the processor
 * well, measured beside the step: the processor's speed drifts. On a GPU also at the paper's size, with the share of time
 * the GPU is busy.
 */

import { countCost } from "../../../arch/index.js";
import { formatPercent } from "../../../report/index.js";
import { conv2d, noGrad, normal, resolveDevice, scope, type Device } from "../../../tensor/index.js";
import type { Precision } from "../../common-options.js";
import type { CommandContext } from "../../run-command.js";
import { betweenSteps, median, timeMs, type Benchmark } from "./benchmark.js";
import { measureGpuUse } from "./gpu-use.js";
import { describeSpaceToPeer, describeToPeer, withPeer } from "./peer.js";
import { batchSize, createTraining, describeOptionsToPeer, gpuSizes, hypernet, sizes } from "./training.js";

/** The first steps meet most shapes for the first time, on both sides: plain PyTorch gets faster for about twenty. */
const warmup = 20;

export const hypernetStep: Benchmark = {
  steps: 15,
  async run(steps, context) {
    const rows = [];
    const measured = resolveDevice(context.common.device) === "cpu" ? sizes : gpuSizes;
    for (const size of Object.keys(measured) as (keyof typeof gpuSizes)[]) {
      rows.push(await measure(size, steps, context));
    }
    const lines = rows.map(
      ({ size, precision, oursMs, peerMs, floorMs, floorShare, ratio, gpuBusyShare }) =>
        `${size} ${precision}: ours ${oursMs.toFixed(0)} ms, plain PyTorch ${peerMs.toFixed(0)} ms, floor ${floorMs.toFixed(0)} ms (${formatPercent(floorShare)}): ${ratio.toFixed(2)} times as fast` +
        (gpuBusyShare === undefined ? "" : `; GPU busy ${formatPercent(gpuBusyShare)}`),
    );
    return { rows, text: lines.join("\n") };
  },
};

/** Of our steps alone, for the share of time in which the GPU is busy. */
const gpuUseMs = 4000;

async function measure(size: keyof typeof gpuSizes, steps: number, context: CommandContext) {
  const { common, progress } = context;
  const space = gpuSizes[size];
  const { training, train, sample } = createTraining(space, common);
  const { device } = train;
  const bestConvolution = createBestConvolution(device, common.precision);
  const [ours, peers, floors]: [number[], number[], number[]] = [[], [], []];
  progress.start(`hypernet-step ${size}`, steps + warmup);
  const settings = {
    ...{ ...describeOptionsToPeer(common), batchSize, hypernet },
    ...describeSpaceToPeer(space),
  };
  await withPeer("hypernet_step", settings, async (peer) => {
    for (let step = 0; step < steps + warmup; step++) {
      await betweenSteps(context);
      const architecture = sample(step);
      const ourTime = timeMs(() => training.runStep(architecture));
      const rate = bestConvolution.measure();
      const { ms: peerTime } = await peer.step(describeToPeer(architecture, space));
      progress.update(step + 1);
      if (step < warmup) continue;
      ours.push(ourTime);
      peers.push(peerTime);
      // Forward, gradient of the input, gradient of the weight; a multiply-add is two operations.
      floors.push((1000 * 2 * 3 * batchSize * countCost(architecture).flops) / rate);
    }
  });
  bestConvolution.dispose();
  let next = steps + warmup;
  const gpuBusyShare =
    device === "cpu"
      ? undefined
      : await measureGpuUse(() => training.runStep(sample(next++)), { device, ms: gpuUseMs });
  progress.stop();
  const [oursMs, peerMs, floorMs] = [ours, peers, floors].map(median);
  return {
    ...{ size, precision: common.precision, oursMs, peerMs, floorMs, ratio: peerMs / oursMs },
    /** Median of the steps' own shares. */
    floorShare: median(floors.map((floor, index) => floor / ours[index])),
    ...(gpuBusyShare !== undefined && { gpuBusyShare }),
  };
}

/** A 3x3 convolution on 50 images of 32x32, of as many channels as suit the library. */
function createBestConvolution(device: Device, precision: Precision) {
  const isGpu = device !== "cpu";
  const [channels, repeats] = isGpu ? [256, 10] : [64, 1];
  // On a processor the floor is that of float32, whatever the step computes in.
  const dtype = isGpu && precision === "bf16" ? "bfloat16" : "float32";
  const [x, weight] = scope(() =>
    [
      [batchSize, channels, 32, 32],
      [channels, channels, 3, 3],
    ].map((shape) => normal(shape, 1, { device }).to({ dtype }).channelsLast()),
  );
  const convolve = () => {
    const results = Array.from({ length: repeats }, () => conv2d(x, weight, { padding: 1 }));
    // Reading a value waits for a GPU.
    if (isGpu) results[repeats - 1].narrow(0, 0, 1).sum().item();
  };
  return {
    /** Operations a second, now. */
    measure(): number {
      const times = Array.from({ length: 5 }, () => timeMs(() => noGrad(() => scope(convolve))));
      return (1000 * 2 * repeats * batchSize * 32 * 32 * channels ** 2 * 9) / median(times);
    },
    dispose() {
      x.dispose();
      weight.dispose();
    },
  };
}
