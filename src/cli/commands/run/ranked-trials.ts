/** What `--run RUN --rank K` stands for. */

import type { RunConfig } from "../../../config/index.js";
import { SmashError } from "../../../errors.js";
import { rankTrials, type Trial } from "../../../search/index.js";
import { readTrials, type RunFolder } from "../../../store/index.js";

/** The run's trials, best first, as the run ranks them. */
export function rankRun(folder: RunFolder, config: RunConfig): readonly Trial[] {
  return rankTrials(readTrials(folder.trialsPath), config.ranking.rankedBy);
}

/** Throws `SmashError("usage")` for a rank that the run does not have. */
export function findTrial(
  trials: readonly Trial[],
  { rank, folder }: { readonly rank: number; readonly folder: RunFolder },
): Trial {
  const trial = trials.at(rank - 1);
  if (trial) return trial;
  throw new SmashError("usage", {
    rule: "--rank must be one of the run's ranked architectures.",
    found: `${rank}, and ${trials.length} ranked in ${folder.path}.`,
    fix: trials.length === 0 ? "finish smash search first." : `use 1 to ${trials.length}.`,
  });
}
