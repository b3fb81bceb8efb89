/**
 * Chains of moves from random architectures: along dE/dc, at random, and against dE/dc. All chains of a start draw their
 * candidates from the same streams, so that the first moves of all choose among the same candidates. Every move is
 * made, whether it improves or not.
 */

import { countCost, type Architecture } from "../arch/index.js";
import { Random } from "../random.js";
import { computeType, interrupted, type ScoringSetup } from "../run/index.js";
import { chooseCandidate, drawCandidates, moveKinds, type MoveKind } from "../search/index.js";
import { encodingGradient, evaluateGenerated } from "../train/index.js";
import type { Bench } from "./bench.js";
import type { StudyContext } from "./events.js";
import type { StudyRequest } from "./request.js";

/** Of every move. Nats, a fraction, nats, a fraction, and parameters that the move adds. */
export const moveMeasures = ["loss", "error", "predicted", "changed", "parameters"] as const;

/** Name of a measurement; `move` from 0. */
export function moveMeasure(kind: MoveKind, move: number, measure: (typeof moveMeasures)[number]): string {
  return `${kind}.${move}.${measure}`;
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index);

export async function measureMoves(
  { table, architectures }: Bench,
  { request, trained }: { readonly request: StudyRequest; readonly trained: ScoringSetup },
  context: StudyContext,
): Promise<void> {
  const { config, moves = 0, candidates = 0 } = request;
  const { network, scoring } = trained;
  const options = { batchNorm: config.ranking.batchNorm, computeType: computeType(config) };
  const score = (architecture: Architecture) => evaluateGenerated(network, architecture, scoring, options);
  const gradientOf = (architecture: Architecture) =>
    encodingGradient(network, architecture, scoring.validation, options).data;

  const runStart = (start: Architecture, item: number, progress: (fraction: number) => void) => {
    const before = context.now();
    const first = score(start);
    const values: Record<string, number> = {
      "start.loss": first.loss,
      "start.error": first.error,
      "start.seconds": (context.now() - before) / 1000,
    };
    const firstGradient = gradientOf(start);
    let done = 0;
    for (const kind of moveKinds) {
      let from = start;
      for (let move = 0; move < moves; move++) {
        if (context.shouldStop()) throw interrupted("in the moves of an architecture", { startsAgain: true });
        const gradient = move === 0 ? firstGradient : gradientOf(from);
        const random = Random.stream(config.seed, "gradient", item, move);
        const drawn = drawCandidates(from, gradient, { space: network.space, random, count: candidates });
        const { architecture, predictedChange, changedShare } = chooseCandidate(drawn, kind);
        const { loss, error } = score(architecture);
        const parameters = countCost(architecture).parameters - countCost(from).parameters;
        const made = { loss, error, predicted: predictedChange, changed: changedShare, parameters };
        for (const measure of moveMeasures) values[moveMeasure(kind, move, measure)] = made[measure];
        from = architecture;
        progress(++done / (moveKinds.length * moves));
      }
    }
    return values;
  };

  const ofMoves = moveKinds.flatMap((kind) =>
    range(moves).flatMap((move) => moveMeasures.map((measure) => moveMeasure(kind, move, measure))),
  );
  await table.measure(
    architectures,
    { label: "moves", names: ["start.loss", "start.error", "start.seconds", ...ofMoves], run: runStart },
    context,
  );
}
