/** Starting `smash --help` against Node that starts and does nothing, in turns. Target: under 150 ms. */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { betweenSteps, median, tableOf, timeMs, type Benchmark } from "./benchmark.js";

const main = fileURLToPath(new URL("../../main.js", import.meta.url));

export const help: Benchmark = {
  steps: 30,
  async run(steps, context) {
    const { common, progress } = context;
    const [ours, floor]: [number[], number[]] = [[], []];
    progress.start("help", steps);
    for (let step = 0; step < steps; step++) {
      await betweenSteps(context);
      floor.push(timeNode(["-e", "0"]));
      ours.push(timeNode([main, "--help"]));
      progress.update(step + 1);
    }
    progress.stop();
    const row = {
      ...{ size: "--help", precision: common.precision, peerMs: null, ratio: null },
      ...{ oursMs: median(ours), floorMs: median(floor), targetMs: 150 },
      /** What other work on the machine adds least to. */
      ...{ fastestMs: Math.min(...ours), fastestFloorMs: Math.min(...floor) },
    };
    const text = tableOf({
      "--help, ms": row.oursMs.toFixed(0),
      "node -e 0, ms": row.floorMs.toFixed(0),
      "fastest --help": row.fastestMs.toFixed(0),
      "fastest node -e 0": row.fastestFloorMs.toFixed(0),
      target: "< 150 ms",
    });
    return { rows: [row], text };
  },
};

function timeNode(args: readonly string[]): number {
  return timeMs(() => spawnSync(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] }));
}
