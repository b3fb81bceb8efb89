/**
 * Resident memory of the process over HyperNet steps at the reference size: it must not grow once the steps have met
 * most sizes of architecture. Targets: a peak under 3 GB, and under plain PyTorch's over the first of the same steps,
 * where there is one: the first target needs none.
 */

import type { MemoryBankArchitecture } from "../../../arch/index.js";
import { memoryStats } from "../../../tensor/index.js";
import type { CommandContext } from "../../run-command.js";
import { betweenSteps, median, tableOf, timeMs, type Benchmark } from "./benchmark.js";
import { describeSpaceToPeer, describeToPeer, hasPeer, withPeer } from "./peer.js";
import { batchSize, createTraining, describeOptionsToPeer, hypernet, sizes } from "./training.js";

/** Steps that fill the caches, of those measured. */
const warmupShare = 0.2;
/** Most steps of the peer: its memory can only grow with more. */
const peerSteps = 40;

export const memory: Benchmark = {
  steps: 200,
  async run(steps, context) {
    const { common, progress } = context;
    const size = "reference";
    const { training, sample } = createTraining(sizes[size], common);
    const [times, resident, tensors]: [number[], number[], number[]] = [[], [], []];
    progress.start(`memory ${size}`, steps);
    for (let step = 0; step < steps; step++) {
      await betweenSteps(context);
      const architecture = sample(step);
      times.push(timeMs(() => training.runStep(architecture)));
      resident.push(process.memoryUsage.rss());
      tensors.push(memoryStats().liveTensors);
      progress.update(step + 1);
    }
    progress.stop();
    const count = Math.min(peerSteps, steps);
    const peerPeak = hasPeer()
      ? await measurePeer(
          size,
          Array.from({ length: count }, (_, step) => sample(step)),
          context,
        )
      : null;
    const warm = resident.slice(Math.floor(warmupShare * steps));
    const row = {
      ...{ size, precision: common.precision, oursMs: median(times) },
      ...{ peerMs: null, floorMs: null, ratio: null },
      steps,
      /** Within steps too, as the system counts it. */
      peakBytes: 1024 * process.resourceUsage().maxRSS,
      targetPeakBytes: 3e9,
      /** Plain PyTorch's, over at most 40 of the same steps; null where none is installed. */
      peerPeakBytes: peerPeak,
      afterWarmupBytes: warm[0],
      endBytes: warm.at(-1)!,
      /** Slope of the line through all steps after warm-up. */
      growthBytesPerStep: slope(warm),
      /** Tensors at the end beyond those after the first step: none, where nothing leaks. */
      moreTensors: tensors.at(-1)! - tensors[0],
    };
    const text = tableOf({
      size,
      precision: row.precision,
      steps: String(steps),
      "peak, GB": gigabytes(row.peakBytes),
      "plain PyTorch": peerPeak === null ? "not installed" : gigabytes(peerPeak),
      "after warm-up": gigabytes(row.afterWarmupBytes),
      "at the end": gigabytes(row.endBytes),
      "growth, kB a step": (row.growthBytesPerStep / 1000).toFixed(1),
      "more tensors": String(row.moreTensors),
      target: "peak < 3 GB",
    });
    return { rows: [row], text };
  },
};

/** The peer's peak, bytes. */
async function measurePeer(
  size: keyof typeof sizes,
  architectures: readonly MemoryBankArchitecture[],
  context: CommandContext,
): Promise<number> {
  const space = sizes[size];
  const settings = {
    ...{ ...describeOptionsToPeer(context.common), batchSize, hypernet },
    ...describeSpaceToPeer(space),
  };
  return withPeer("hypernet_step", settings, async (peer) => {
    let peak = 0;
    for (const architecture of architectures) {
      await betweenSteps(context);
      ({ peakBytes: peak } = await peer.step(describeToPeer(architecture, space)));
    }
    return peak;
  });
}

const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(2);

/** Of the least-squares line through equally spaced values. */
export function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const spread = values.reduce((sum, _, index) => sum + (index - middle) ** 2, 0);
  const rise = values.reduce((sum, value, index) => sum + (index - middle) * value, 0);
  return spread > 0 ? rise / spread : 0;
}
