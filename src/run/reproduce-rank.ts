/** The `smash rank` commands that a run has seen. */

import { isDeepStrictEqual } from "node:util";
import { planTrials, trialOrigins, type Limits, type Trial, type TrialOrigin } from "../search/index.js";
import type { LoggedEvent, RankEvent, TrainedEvent } from "./events.js";
import { quoted } from "./quoted.js";
import type { RunHistory } from "./reproduce.js";

/** One `smash rank`, and what it came to. */
export interface RankSitting extends RankEvent {
  /** Architectures that it fine-tuned. */
  readonly fineTuned: number;
  /** Finalists that it trained. */
  readonly trained: number;
}

/** Those of a run's log. */
export function listRanks(events: readonly (LoggedEvent | TrainedEvent)[]): readonly RankSitting[] {
  const sittings: (RankEvent & { fineTuned: number; trained: number })[] = [];
  for (const event of events) {
    if (event.type === "rank") {
      const last = sittings.at(-1);
      // Stopped, and asked for again: it goes on, so that it is one.
      if (last && isDeepStrictEqual(requestOf(last), requestOf(event))) continue;
      sittings.push({ ...event, fineTuned: 0, trained: 0 });
    } else if (event.type === "fine-tuned") sittings.slice(-1).forEach((sitting) => sitting.fineTuned++);
    else if (event.type === "finalist") sittings.slice(-1).forEach((sitting) => sitting.trained++);
  }
  return sittings;
}

const requestOf = ({ done, more, limits, fineTune, finalists }: RankEvent) => ({
  ...{ done, more, limits, fineTune, finalists },
});

/** What was scored counts, not what was asked for: proposals depend on their order alone, and one may have been killed. */
export function rankCommands({ config, trials, path, ranks }: RunHistory): readonly string[] {
  const planned = planTrials(config.ranking.counts).length;
  const { fineTuning, finalists: final } = config.ranking;
  const commands = ranks.flatMap((sitting, index) => {
    const { done, more, limits, fineTune, finalists = final.count, fineTuned, trained } = sitting;
    const rounds = [
      { flag: "--fine-tune", asked: fineTune, usual: fineTuning.best, came: fineTuned },
      { flag: "--finalists", asked: finalists, usual: final.count, came: trained },
    ];
    const end = Math.min(ranks.at(index + 1)?.done ?? Infinity, done + planTrials(more).length);
    const scored = trials.slice(done, end);
    if (scored.length === 0 && rounds.every(({ came }) => came === 0)) return [];
    const flags = [
      ...countOrigins(scored).map(([origin, count]) => `--${flagOf(origin)} ${count}`),
      ...limitFlags(limits),
      ...rounds
        // What is usual is named where it is all that the sitting did: something must be asked for.
        .filter(({ asked, usual, came }) => asked !== usual || (came > 0 && scored.length === 0))
        .map(({ flag, asked }) => `${flag} ${asked}`),
    ];
    const early = `# This was run when the search had scored ${done} of its ${planned} architectures:`;
    return [...(done < planned ? [early] : []), `npx smash rank --run ${quoted(path)} ${flags.join(" ")}`];
  });
  return [...unloggedRanks(trials.slice(planned, ranks.at(0)?.done)), ...commands];
}

function unloggedRanks(trials: readonly Trial[]): readonly string[] {
  if (trials.length === 0) return [];
  const counts = countOrigins(trials).map(([origin, count]) => `${count} ${origin}`);
  return [
    `# smash rank then scored ${trials.length} more (${counts.join(", ")}). Its version did not log limits and`,
    "# --fine-tune, so its commands are not known.",
  ];
}

const flagOf = (origin: TrialOrigin) => (origin === "random" ? "samples" : origin);

function countOrigins(trials: readonly Trial[]): readonly (readonly [TrialOrigin, number])[] {
  return trialOrigins
    .map((origin) => [origin, trials.filter((trial) => trial.origin === origin).length] as const)
    .filter(([, count]) => count > 0);
}

function limitFlags({ parameters, flops, latencyMs }: Limits): readonly string[] {
  const limits = { "--max-parameters": parameters, "--max-flops": flops, "--max-latency-ms": latencyMs };
  return Object.entries(limits).flatMap(([flag, limit]) => (limit === undefined ? [] : [`${flag} ${limit}`]));
}
