/** Which trained network `smash export` is to write. */

import { isDeepStrictEqual } from "node:util";
import { countCost, type Architecture } from "../../../arch/index.js";
import { SmashError } from "../../../errors.js";
import { formatCount } from "../../../report/index.js";
import { quoted } from "../../../run/index.js";
import type { Trial } from "../../../search/index.js";
import { hasCheckpoint, RunFolder } from "../../../store/index.js";
import type { ExportFlags } from "../export.js";
import { findTrial, rankRun } from "./ranked-trials.js";

export interface FoundCheckpoint {
  readonly checkpoint: string;
  /** Of a run's network: throws `SmashError("usage")` for the architecture of one that no longer has its rank. */
  readonly checkRank?: (architecture: Architecture) => void;
}

/** Throws `SmashError("usage")` where the run's network of that rank is not trained. */
export async function findCheckpoint({ checkpoint, run, rank }: ExportFlags): Promise<FoundCheckpoint> {
  if ((checkpoint === undefined) === (run === undefined)) {
    throw new SmashError("usage", {
      rule: "smash export takes either --checkpoint or --run.",
      found: run === undefined ? "neither." : "both.",
      fix: "give --run RUN for the network trained in a run, or --checkpoint FILE.",
    });
  }
  if (checkpoint !== undefined) return { checkpoint };
  const folder = new RunFolder(run!);
  const path = folder.checkpointPath(rank === 1 ? "best" : `rank-${rank}`);
  const { config } = await folder.requireConfig();
  const train = `npx smash train --data ${quoted(config.dataset)} --run ${quoted(run!)}${rank === 1 ? "" : ` --rank ${rank}`}`;
  if (!(await hasCheckpoint(path))) {
    throw new SmashError("usage", {
      rule: "smash export writes networks that are trained.",
      found: `a run without ${path}: its weights would be a HyperNet's.`,
      fix: `first run ${train}.`,
    });
  }
  const ranked = rankRun(folder, config);
  findTrial(ranked, { rank, folder });
  return {
    checkpoint: path,
    checkRank: (architecture) => checkRank(architecture, { rank, ranked, path, train }),
  };
}

/** Ranking more changes who has a rank; a file that was trained before keeps its name. */
function checkRank(
  architecture: Architecture,
  {
    rank,
    ranked,
    path,
    train,
  }: {
    readonly rank: number;
    readonly ranked: readonly Trial[];
    readonly path: string;
    /** The command that trains the network of that rank. */
    readonly train: string;
  },
): void {
  const isSame = (trial: Trial) => isDeepStrictEqual(trial.architecture, architecture);
  if (isSame(ranked[rank - 1])) return;
  const place = ranked.findIndex(isSame);
  const { parameters } = countCost(architecture);
  const trained =
    place === -1
      ? `an architecture of ${formatCount(parameters)} parameters that is not in the ranking`
      : describeTrial(ranked, place);
  throw new SmashError("usage", {
    rule: `${path} must be of the architecture that has rank ${rank} now; smash rank may have found a better one since it was trained.`,
    found: `it is of ${trained}, and rank ${rank} is ${describeTrial(ranked, rank - 1)}.`,
    fix: `train the new one with ${train} --out FILE and export that with --checkpoint FILE, or export the old one with --checkpoint ${path}.`,
  });
}

function describeTrial(ranked: readonly Trial[], place: number): string {
  const { id, parameters } = ranked[place];
  return `trial ${id} (${formatCount(parameters)} parameters, now rank ${place + 1})`;
}
