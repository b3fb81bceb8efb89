/** How the measures that can rank are named and written, the same on the terminal and in the report. */

import type { RankedBy } from "../search/index.js";
import { formatLoss, formatPercent } from "./format.js";

/** Words for one measure. */
export interface ScoreNaming {
  /** As short as it gets. */
  readonly noun: string;
  /** In a sentence. */
  readonly measure: string;
  /** What it is, for a reader who has not met it. */
  readonly meaning: (images: string) => string;
  /** Of an axis, with the unit. */
  readonly title: string;
  /** Vega expression for an axis label. */
  readonly labelExpr: string;
  /** What a wide spread of it means. */
  readonly spread: string;
  readonly format: (score: number) => string;
}

/** Vega expression that shows a fraction as a bare percent number; the axis title holds the unit. */
export const percentLabel = "format(datum.value * 100, '~r')";

const generated = (measure: string, images: string) =>
  `the ${measure} on ${images} validation images of a network whose weights the HyperNet wrote`;

const tellsApart = "A wide spread means that the HyperNet tells architectures apart.";

/** Words for every measure. */
export const scoreNaming: Readonly<Record<RankedBy, ScoreNaming>> = {
  loss: {
    noun: "loss",
    measure: "validation loss with generated weights",
    meaning: (images) => generated("loss", images),
    title: "validation loss (nats)",
    labelExpr: "datum.label",
    spread: tellsApart,
    format: formatLoss,
  },
  error: {
    noun: "error",
    measure: "validation error with generated weights",
    meaning: (images) => generated("error", images),
    title: "validation error (%)",
    labelExpr: percentLabel,
    spread: tellsApart,
    format: (score) => formatPercent(score),
  },
  "loss+naswot": {
    noun: "mean rank",
    measure: "mean rank in validation loss with generated weights and in NASWOT",
    meaning: (images) =>
      `the mean of an architecture's ranks in this run in two measures: ${generated("loss", images)}, and NASWOT: ` +
      "how differently the untrained network sees training images",
    title: "mean rank",
    labelExpr: "datum.label",
    spread: "A wide spread means that loss and NASWOT agree.",
    format: (score) => score.toFixed(1),
  },
  predicted: {
    noun: "predicted error",
    measure: "predicted error",
    meaning: () =>
      "the error that the run's surrogate expects of an architecture's network with fewer channels, on smaller images " +
      "and briefly trained. The surrogate is a linear model. It has learned from random networks of the space, which " +
      "were trained so, and knows each architecture's costs and choices, its loss with generated weights, and NASWOT: " +
      "how differently the untrained network sees training images",
    title: "predicted error (%)",
    labelExpr: percentLabel,
    spread: "A wide spread means that the surrogate tells architectures apart.",
    format: (score) => formatPercent(score),
  },
};
