/** Figures of studies that compare HyperNets, or what they are told. */

import { figureColors as colors, type FigurePlan } from "../report/index.js";
import type { CorruptionEffect } from "./corruption.js";
import { correlationRows, overColor } from "./figures.js";
import type { ComparisonDocument } from "./document.js";
import type { HyperNetSummary } from "./summarize.js";

/** Agreement with the truth against the size of the HyperNet. */
export function planCapacity(
  { by, n }: Pick<ComparisonDocument, "by" | "n">,
  hypernets: readonly HyperNetSummary[],
  rankedBy: string,
): FigurePlan {
  const values = hypernets.flatMap(({ name, parameters }) =>
    correlationRows(by[`${name} ${rankedBy}`]).map((row) => ({
      ...row,
      parameters: parameters.hypernet,
      // Two intervals on one line would hide each other.
      beside: parameters.hypernet * (row.over === "all" ? 0.97 : 1.03),
    })),
  );
  const x = {
    field: "beside",
    type: "quantitative",
    title: "parameters of the HyperNet",
    scale: { type: "log", nice: false, padding: 16 },
    axis: { format: "~s", tickCount: 6 },
  } as const;
  return {
    name: "capacity",
    title: "How large a HyperNet must be",
    caption:
      `Spearman correlation of the score (${rankedBy}) with the true errors of ${n} architectures; lines ` +
      "are 95 % bootstrap intervals.",
    spec: {
      data: { values },
      layer: [
        {
          mark: { type: "rule", strokeWidth: 2 },
          encoding: {
            x,
            color: overColor,
            y: { field: "low", type: "quantitative", title: "Spearman correlation" },
            y2: { field: "high" },
          },
        },
        {
          mark: { type: "line", point: { size: 60 } },
          encoding: { x, color: overColor, y: { field: "value", type: "quantitative" } },
        },
      ],
    },
  };
}

/** Loss that a wrong encoding costs, by what is wrong in it. */
export function planCorruption(effects: readonly CorruptionEffect[]): FigurePlan {
  const values = effects.map(
    ({
      name,
      elements,
      lossIncrease: {
        mean,
        interval95: [low, high],
      },
    }) => ({
      name: `${name.replace(/^corrupted$/, "everything").replace("corrupted-", "elements: ")} (${elements.toFixed(1)})`,
      mean,
      low,
      high,
    }),
  );
  const y = {
    field: "name",
    type: "nominal",
    title: "wrong (elements)",
    sort: values.map(({ name }) => name),
  } as const;
  return {
    name: "corruption",
    title: "What a wrong encoding costs",
    caption:
      "Mean loss with generated weights when the HyperNet is told something wrong, less the loss with the right encoding; " +
      "in brackets the mean number of wrong elements; lines are 95 % bootstrap intervals. Zero: it does not listen.",
    spec: {
      data: { values },
      layer: [
        {
          mark: { type: "rule", strokeWidth: 2, color: colors.blue },
          encoding: {
            y,
            x: { field: "low", type: "quantitative", title: "increase of the loss (nats)" },
            x2: { field: "high" },
          },
        },
        {
          mark: { type: "point", opacity: 1, size: 60, color: colors.blue },
          encoding: { y, x: { field: "mean", type: "quantitative" } },
        },
      ],
    },
  };
}
