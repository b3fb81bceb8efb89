/** The work of `smash demo`: search, train the best, report. */

import type { DatasetInfo } from "../../../data/index.js";
import { writeReport } from "../../../run/index.js";
import type { Limits } from "../../../search/index.js";
import { dataDirOf } from "../../data-dir.js";
import type { CommandContext } from "../../run-command.js";
import { readLimits, type LimitFlags } from "../../search-flags.js";
import type { DemoFlags } from "../demo.js";
import { search } from "./search.js";
import { describeTrained, trainNetwork } from "./train.js";

/**
 * Multiply-adds a pixel that the preset's networks may have. Random ones have 3,000 to 16,000, seven of ten at most so
 * many; what is found among all of them has up to 20,000, and its training is most of the demo's time.
 */
const flopsPerPixel = 10_000;

export async function demo(request: DemoFlags, context: CommandContext) {
  const choose = ({ size }: DatasetInfo) => ({ limits: demoLimits(request, size) });
  const { json, text, config, folder } = await search({ ...request, choose }, context);
  const { architecture } = json.best;
  const trained = await trainNetwork(
    { config, architecture, checkpoint: folder.checkpointPath("best"), folder },
    context,
  );
  await writeReport(folder, dataDirOf(context));
  return {
    json: { ...json, trained },
    text: [text, "", "The winner, trained from scratch:", describeTrained(trained)].join("\n"),
  };
}

/** The limits given; with the preset demo, one of multiply-adds at least. `size`: of images, pixels. */
export function demoLimits(flags: Pick<DemoFlags, "preset"> & LimitFlags, size: number): Limits {
  const given = readLimits(flags);
  return flags.preset === "demo" ? { flops: flopsPerPixel * size ** 2, ...given } : given;
}
