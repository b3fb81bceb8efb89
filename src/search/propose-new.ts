/**
 * Proposals that are not scored yet. In a small space perturbations of one good network soon repeat each other, and a
 * ranking's first ten would be one network ten times.
 */

import { functionKey } from "../arch/index.js";
import type { Proposal, SearchContext, Strategy } from "./strategy.js";
import type { Trial } from "./trial.js";

/** Then the space is taken to have no new ones near: a strategy must always answer. */
const mostTries = 30;

/**
 * What the strategy proposes, drawn again while `seen` has the key of a network with the same function. The first try
 * draws from the context's stream, later ones from streams below it, so that a trial depends on its history alone.
 */
export function proposeNew(
  strategy: Strategy,
  history: readonly Trial[],
  { seen, ...context }: SearchContext & { readonly seen: ReadonlySet<string> },
): Proposal {
  const propose = (attempt: number) =>
    strategy.propose(history, {
      ...context,
      random: attempt === 0 ? context.random : context.random.fork("again", attempt),
    });
  let proposal = propose(0);
  for (let attempt = 1; attempt < mostTries && seen.has(functionKey(proposal.architecture)); attempt++) {
    proposal = propose(attempt);
  }
  return proposal;
}
