/**
 * Scoring one architecture after another at the size of the preset `small`, ours and plain PyTorch's, interleaved on the
 * same architectures: BatchNorm statistics from the calibration images, then error and loss over the held-out ones. The
 * peer does the full scoring, with 500 images to calibrate; ours takes the preset's 200, which order alike (Spearman .998).
 */

import { requireMemoryBanks, sampleArchitecture } from "../../../arch/index.js";
import { findPreset } from "../../../config/index.js";
import { SmashNetwork } from "../../../network/index.js";
import { Random } from "../../../random.js";
import { computeType, evaluationBatch } from "../../../run/index.js";
import { resolveDevice, setThreads } from "../../../tensor/index.js";
import { evaluateGenerated, loadBatches } from "../../../train/index.js";
import { betweenSteps, median, tableOf, timeMs, type Benchmark } from "./benchmark.js";
import { describeSpaceToPeer, describeToPeer, withPeer } from "./peer.js";
import { describeOptionsToPeer, hypernet, noiseImages } from "./training.js";

const warmup = 2;
const size = "small";
const peerCalibrationImages = 500;

export const ranking: Benchmark = {
  steps: 12,
  async run(steps, context) {
    const { common, progress } = context;
    setThreads(common.threads);
    const preset = findPreset(size);
    const { images, calibrationImages } = preset.ranking;
    const space = requireMemoryBanks(preset.space, "This benchmark");
    const device = resolveDevice(common.device);
    const source = noiseImages(images, device);
    const calibration = loadBatches(source, evaluationBatch, { count: calibrationImages });
    const validation = loadBatches(source, evaluationBatch, { count: images });
    const network = new SmashNetwork({ space, hypernet, seed: 0, device });
    const peerSettings = {
      ...{ ...describeOptionsToPeer(common), hypernet },
      ...describeSpaceToPeer(space),
      calibration: loadBatches(source, evaluationBatch, { count: peerCalibrationImages }).map(
        ({ count }) => count,
      ),
      validation: validation.map(({ count }) => count),
    };
    const options = { computeType: computeType(common) };
    const [ours, peers]: [number[], number[]] = [[], []];
    progress.start(`ranking ${size}`, steps + warmup);
    await withPeer("ranking", peerSettings, async (peer) => {
      for (let step = 0; step < steps + warmup; step++) {
        await betweenSteps(context);
        const architecture = sampleArchitecture(space, Random.stream(common.seed, "bench", step));
        const ourTime = timeMs(() =>
          evaluateGenerated(network, architecture, { calibration, validation }, options),
        );
        const { ms: peerTime } = await peer.step(describeToPeer(architecture, space));
        progress.update(step + 1);
        if (step < warmup) continue;
        ours.push(ourTime);
        peers.push(peerTime);
      }
    });
    progress.stop();
    const [oursMs, peerMs] = [median(ours), median(peers)];
    const row = {
      ...{ size, precision: common.precision, oursMs, peerMs, floorMs: null, ratio: peerMs / oursMs },
      targetRatio: 5,
      ...{ images, calibrationImages, peerCalibrationImages, architecturesPerMinute: 60_000 / oursMs },
    };
    const text = tableOf({
      size,
      images: String(images),
      "ours, ms": oursMs.toFixed(0),
      "plain PyTorch, ms": peerMs.toFixed(0),
      "architectures a minute": row.architecturesPerMinute.toFixed(0),
      ratio: row.ratio.toFixed(2),
      target: "5",
    });
    return { rows: [row], text };
  },
};
