/** How busy a GPU is while something runs, as its driver counts it: the share of time in which any kernel was running. */

import { spawn } from "node:child_process";
import { setTimeout } from "node:timers/promises";
import { mean } from "../../../statistics/index.js";

/** The driver's own counter looks back this far, ms. */
const lookBackMs = 1000;
const everyMs = 100;

/**
 * Mean busy share, 0 to 1, while `run` works for `ms` milliseconds and more; undefined without the driver's
 * `nvidia-smi`. `run` is called over and over and may block.
 */
export async function measureGpuUse(run: () => void, { device, ms }: { device: string; ms: number }) {
  const query = ["--query-gpu=utilization.gpu", "--format=csv,noheader,nounits", "-lms", String(everyMs)];
  const child = spawn("nvidia-smi", [...query, "-i", String(gpuIndex(device))], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (text += part));
  // Without the program there are no samples.
  child.on("error", () => undefined);
  const start = performance.now();
  // Samples of the first look-back would tell of the time before.
  let skipped: number | undefined;
  try {
    while (performance.now() - start < lookBackMs + ms) {
      run();
      await setTimeout(0);
      if (skipped === undefined && performance.now() - start > lookBackMs) skipped = text.split("\n").length;
    }
  } finally {
    // Of a child that never started, Node would signal process 0: all of this group.
    if (child.pid !== undefined) child.kill();
  }
  const shares = text.split("\n").slice(skipped, -1).map(Number).filter(Number.isFinite);
  if (shares.length === 0) return undefined;
  return mean(shares) / 100;
}

const gpuIndex = (device: string) => Number(/\d+$/.exec(device)?.[0] ?? 0);
