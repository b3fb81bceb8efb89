/**
 * Times candidates of a search: as a user would run the network, exported to ONNX, one image, one CPU thread, in a process
 * of its own. The weights make no difference to the time, so none are trained.
 */

import { createSpace, type Architecture } from "../arch/index.js";
import type { RunConfig } from "../config/index.js";
import { createNetwork } from "../network/index.js";
import { Random } from "../random.js";
import { proposeWithin } from "../rank/index.js";
import { randomSearch } from "../search/index.js";
import { scope } from "../tensor/index.js";

/** Few, because every candidate is measured: with the start of the process about half a second. */
const runs = { warmup: 5, runs: 30 } as const;

/** Median milliseconds for one image. */
export async function measureArchitecture(architecture: Architecture): Promise<number> {
  // Not loaded by a search without a limit on latency: it takes an eighth of a second, in both threads.
  const { encodeOnnx, exportableNetwork, measureLatency } = await import("../export/index.js");
  const { input, classes } = architecture;
  const model = scope(() =>
    encodeOnnx(
      exportableNetwork(createNetwork(architecture, { seed: 0, device: "cpu" })),
      {
        dataset: "none",
        classes: Array.from({ length: classes }, (_, index) => String(index)),
        statistics: {
          mean: Array<number>(input.channels).fill(0.5),
          std: Array<number>(input.channels).fill(0.25),
        },
      },
      { version: "0" },
    ),
  );
  const { medianMs } = await measureLatency(model, runs);
  return medianMs;
}

/**
 * Whether networks of the space can be fast enough, before a HyperNet is trained for hours. Throws a SmashError ("config")
 * with the smallest latency seen if none was found; without a limit on latency there is nothing to measure.
 */
export async function requireLatency({ space, seed, ranking }: RunConfig): Promise<void> {
  const { limits, rankedBy, against } = ranking;
  if (limits.latencyMs === undefined) return;
  await proposeWithin(randomSearch, [], {
    space: createSpace(space),
    random: Random.stream(seed, "limits"),
    rankedBy,
    against,
    limits,
    seen: new Set(),
    measureLatency: measureArchitecture,
  });
}
