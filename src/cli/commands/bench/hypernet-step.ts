/**
 * One HyperNet training step, ours and plain PyTorch's, interleaved on the same architectures. The floor is the step's
 * convolutions at the rate of a convolution that suits the processor well.
 */

import {
  blockLimits,
  countCost,
  encodeArchitecture,
  encodingLayout,
  sampleArchitecture,
  type MemoryBankArchitecture,
  type MemoryBankSettings,
} from "../../../arch/index.js";
import { referenceHyperNet } from "../../../hypernet/index.js";
import { runNetwork, SmashNetwork, trainingStatistics } from "../../../network/index.js";
import { Adam } from "../../../nn/index.js";
import { Random } from "../../../random.js";
import { conv2d, crossEntropy, fromArray, noGrad, normal, scope, setThreads } from "../../../tensor/index.js";
import type { CommandContext } from "../../run-command.js";
import { startPeer } from "./peer.js";

export interface BenchRow {
  readonly size: string;
  readonly precision: string;
  readonly oursMs: number;
  readonly peerMs: number;
  readonly floorMs: number;
  /** peerMs / oursMs: how many times faster. */
  readonly ratio: number;
}

const shared = {
  baseChannels: 8,
  depthCompression: 2,
  bottleneck: 4,
  kernel: 3,
  maxDilation: 3,
  stemKernel: 7,
  input: { channels: 3, size: 32 },
  classes: 10,
} as const;

const sizes: Readonly<Record<string, MemoryBankSettings>> = {
  reference: { ...shared, depth: 12, width: 4, maxUnits: 64 },
  narrow: { ...shared, depth: 6, width: 2, maxUnits: 32 },
};

const hypernet = { ...referenceHyperNet, weightNorm: "he" } as const;
const batchSize = 50;

export async function benchHyperNetStep(
  steps: number,
  { common, progress }: CommandContext,
): Promise<readonly BenchRow[]> {
  setThreads(common.threads);
  const computeType = common.precision === "bf16" ? ("bfloat16" as const) : undefined;
  const rows: BenchRow[] = [];
  for (const [size, space] of Object.entries(sizes)) {
    const peer = startPeer({
      threads: common.threads,
      space,
      batchSize,
      hypernet,
      channels: encodingLayout(space).channels,
      limits: blockLimits(space),
    });
    const ours = createStep(space, computeType);
    const [oursMs, peerMs, flops]: [number[], number[], number[]] = [[], [], []];
    // The first steps meet most shapes for the first time, on both sides.
    const warmup = 3;
    progress.start(`hypernet-step ${size}`, steps + warmup);
    for (let step = 0; step < steps + warmup; step++) {
      const architecture = sampleArchitecture(space, Random.stream(common.seed, "bench", step));
      const start = performance.now();
      ours(architecture);
      const ourTime = performance.now() - start;
      const { data, channels, height, length } = encodeArchitecture(architecture, space);
      const active = Array.from(data.keys()).filter((index) => data[index] > 0);
      const peerTime = await peer.step({ architecture, shape: [1, channels, height, length], active });
      progress.update(step + 1);
      if (step < warmup) continue;
      oursMs.push(ourTime);
      peerMs.push(peerTime);
      flops.push(countCost(architecture).flops);
    }
    peer.stop();
    progress.stop();
    // Forward, gradient of the input, gradient of the weight; a multiply-add is two operations.
    const operations = 2 * 3 * batchSize * median(flops);
    rows.push({
      size,
      precision: common.precision,
      oursMs: median(oursMs),
      peerMs: median(peerMs),
      floorMs: (1000 * operations) / convolutionRate(),
      ratio: median(peerMs) / median(oursMs),
    });
  }
  return rows;
}

/** A step on fixed images: generate, forward, backward, update. */
function createStep(
  space: MemoryBankSettings,
  computeType: "bfloat16" | undefined,
): (architecture: MemoryBankArchitecture) => void {
  const network = new SmashNetwork({ space, hypernet, seed: 0 });
  const options = { beta1: 0.5, beta2: 0.999, epsilon: 1e-4 };
  const optimizers = [
    new Adam(network.hypernet.parameters(), options),
    new Adam(network.free.parameters(), { ...options, weightDecay: 1e-4 }),
  ];
  const images = normal([batchSize, 3, space.input.size, space.input.size], 1).channelsLast();
  const labels = fromArray(
    BigInt64Array.from({ length: batchSize }, (_, index) => BigInt(index % 10)),
    [batchSize],
  );
  let noiseSeed = 0;
  return (architecture) => {
    for (const optimizer of optimizers) optimizer.zeroGrad();
    scope(() => {
      const source = network.generate(architecture, {
        statistics: trainingStatistics,
        noiseSeed: noiseSeed++,
      });
      const loss = crossEntropy(runNetwork(architecture, source, images, { computeType }), labels);
      loss.backward();
      for (const optimizer of optimizers) optimizer.step(1e-3);
      loss.item();
    });
  };
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

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
