/** Figures of the study of dE/dc: where the moves lead, and what the predictions are worth. */

import { drawFigure, figureColors as colors, type Figure, type FigurePlan } from "../report/index.js";
import { moveKinds } from "../search/index.js";
import type { MoveComparison } from "./move-document.js";

/** In the order of `moveKinds`. */
const color = {
  field: "kind",
  type: "nominal",
  scale: { domain: moveKinds, range: [colors.blue, colors.orange, colors.purple] },
} as const;

export async function drawMoves(moves: MoveComparison): Promise<readonly Figure[]> {
  const plans = [planChanges(moves), planPredictions(moves)];
  return Promise.all(plans.map((plan) => drawFigure(plan)));
}

export function planChanges({ kinds, starts, candidates }: MoveComparison): FigurePlan {
  const values = moveKinds.flatMap((kind) => [
    { kind, move: 0, mean: 0, low: 0, high: 0 },
    ...kinds[kind].byMove.map(({ mean, interval95: [low, high] }, move) => ({
      kind,
      move: move + 1,
      mean,
      low,
      high,
    })),
  ]);
  const x = { field: "move", type: "ordinal", title: "moves made", axis: { labelAngle: 0 } } as const;
  const xOffset = { field: "kind", type: "nominal", sort: moveKinds } as const;
  return {
    name: "moves",
    title: "Moves along dE/dc, at random, and against dE/dc",
    caption:
      `Mean change of the loss with generated weights over ${starts} random architectures; lines are 95 % bootstrap ` +
      `intervals. A move is the best, the first or the worst of ${candidates} perturbations by dE/dc. Lower is better.`,
    spec: {
      data: { values },
      layer: [
        {
          mark: { type: "rule", strokeWidth: 2 },
          encoding: {
            x,
            xOffset,
            color,
            y: { field: "low", type: "quantitative", title: "change of the loss (nats)" },
            y2: { field: "high" },
          },
        },
        {
          mark: { type: "point", opacity: 1, size: 60 },
          encoding: { x, xOffset, color, y: { field: "mean", type: "quantitative" } },
        },
      ],
    },
  };
}

export function planPredictions({ kinds }: MoveComparison): FigurePlan {
  const values = moveKinds.flatMap((kind) =>
    kinds[kind].predicted.map((predicted, move) => ({ kind, predicted, actual: kinds[kind].actual[move] })),
  );
  return {
    name: "predictions",
    title: "What dE/dc predicts, and what happens",
    caption:
      `One point for each of ${values.length} moves: the first-order prediction of its change of the loss, and the real ` +
      "change. Good predictions rise from the lower left to the upper right.",
    spec: {
      data: { values: values.filter(({ actual }) => Number.isFinite(actual)) },
      mark: { type: "point" },
      encoding: {
        x: {
          field: "predicted",
          type: "quantitative",
          title: "predicted change of the loss (nats)",
          scale: { nice: false, padding: 8 },
        },
        y: {
          field: "actual",
          type: "quantitative",
          title: "real change of the loss (nats)",
          scale: { nice: false, padding: 8 },
        },
        color,
      },
    },
  };
}
