/** The top of the page: the result in one line, one paragraph on how it came about, and the key figures. */

import type { Trial } from "../search/index.js";
import {
  formatCount,
  formatDuration,
  formatEpochs,
  formatInteger,
  formatLoss,
  formatPercent,
} from "./format.js";
import { html, type Markup } from "./html-markup.js";
import { factList, unbroken, type Fact } from "./html-parts.js";
import type { ReportData, RunStatus } from "./report-data.js";
import { scoreNaming } from "./score-naming.js";
import { shownNetwork } from "./shown-network.js";

const statusNames: Readonly<Record<RunStatus, string>> = {
  "training-hypernet": "training the HyperNet",
  ranking: "ranking",
  ranked: "ranked",
  "training-network": "training a network",
  done: "done",
};

/** With few classes, five guesses nearly always hold the right one. */
const leastClassesForTop5 = 20;

export function headline(data: ReportData): Markup {
  return html`<header>
    <p class="overline">
      <span>SMASH architecture search</span><code>${data.run}</code>
      <span class="status">${statusNames[data.status]}</span>
    </p>
    <h1>${unbroken(headlineText(data))}</h1>
    <p class="lead">${unbroken(lead(data))}</p>
    ${factList("key-figures", keyFigures(data))}
  </header>`;
}

/** Headlines while no architecture has a score, or the one in training is not known. */
const unscored: Readonly<Record<RunStatus, (dataset: string) => string>> = {
  "training-hypernet": (dataset) => `Training a HyperNet for ${dataset}`,
  ranking: (dataset) => `Ranking architectures for ${dataset}`,
  ranked: (dataset) => `A trained HyperNet for ${dataset}`,
  "training-network": (dataset) => `Training a network for ${dataset}`,
  done: (dataset) => `A trained network for ${dataset}`,
};

/** Also the page's title. */
export function headlineText(data: ReportData): string {
  const { trained, inTraining, trials, status, dataset, isRanked } = data;
  const { trial, rank, name } = shownNetwork(data) ?? {};
  const all = counted(trials.length);
  if (trained !== undefined) return `${formatPercent(trained.testError)} test error on ${trained.dataset}`;
  if (trial === undefined || (status === "training-network" && inTraining === undefined))
    return unscored[status](dataset.name);
  if (inTraining !== undefined)
    return name === "winner" ? `Training the best of ${all}` : `Training number ${rank} of ${all}`;
  const finalists = trials.filter(({ trained }) => trained).length;
  const others = trial.trained ? `${finalists} finalists of ${all}` : all;
  return `${score(trial, data)}: the best of ${others}${isRanked ? "" : " so far"}`;
}

function lead(data: ReportData): string {
  const { trained, hypernet, dataset } = data;
  const { trial, name } = shownNetwork(data) ?? {};
  if (trained !== undefined) {
    return (
      `A network of ${formatCount(trained.parameters)} parameters and ${formatCount(trained.flops)} multiply-adds. ` +
      `${origin(data)} trained from scratch for ${formatEpochs(trained.epochs)}.`
    );
  }
  if (trial !== undefined) {
    const { trained } = trial;
    return (
      `The ${name} has ${formatCount(trial.parameters)} parameters, ` +
      `${formatCount(trial.flops)} multiply-adds, and a validation error of ` +
      `${formatPercent(trial.validationError)} with generated weights` +
      `${trained ? `, of ${formatPercent(trained.validationError)} after ${formatEpochs(trained.epochs)} of training` : ""}. ` +
      next(data)
    );
  }
  const latest = hypernet.validation.at(-1);
  const reached =
    latest === undefined
      ? "It has not been validated yet."
      : `Architectures drawn at random reach a validation error of ${formatPercent(latest.error)} with its weights; ` +
        `guessing would reach ${formatPercent(1 - 1 / dataset.classes.length)}.`;
  return `The HyperNet has been trained for ${formatInteger(hypernet.steps)} steps. ${reached}`;
}

/** How a trained network came to be the one; its training ends the sentence. */
function origin(data: ReportData): string {
  const { trials, rankedBy } = data;
  const { rank, trial: shown } = shownNetwork(data)!;
  if (rank === undefined) return "It was";
  const tuned = trials.filter(({ fineTuned }) => fineTuned).length;
  const finalists = trials.flatMap(({ trained }) => trained ?? []);
  return (
    `It ${rank === 1 ? "was chosen" : `is number ${rank}`} among ${counted(trials.length)} by its ` +
    `${scoreNaming[rankedBy].measure}, ` +
    `${tuned > 1 ? `among the best ${tuned} of them after fine-tuning, ` : ""}` +
    `${shown?.trained && finalists.length > 1 ? `among ${finalists.length} finalists by their errors after ${formatEpochs(finalists[0].epochs)} of training, ` : ""}` +
    (rank === 1 ? "and then" : "and was")
  );
}

function next(data: ReportData): string {
  const { inTraining, status } = data;
  if (inTraining !== undefined) return "It is being trained from scratch.";
  return status === "training-network"
    ? "A network of this run is being trained from scratch."
    : `It has not been trained ${shownNetwork(data)?.trial?.trained ? "in full " : ""}yet.`;
}

/** Six at most: one row on a desktop. The headline already holds the test error. */
function keyFigures(data: ReportData): readonly Fact[] {
  const { trained, trials, hypernet, dataset } = data;
  const trial = shownNetwork(data)?.trial;
  const top5 = trained !== undefined && dataset.classes.length >= leastClassesForTop5;
  const cost = trained ?? trial;
  const { surrogate, finalistSeconds } = data;
  const seconds = hypernet.seconds + (surrogate?.seconds ?? 0) + finalistSeconds + (trained?.seconds ?? 0);
  return [
    ["Test error, top 5", top5 ? formatPercent(trained.testTop5Error) : undefined],
    ["Validation error", trained && formatPercent(trained.validationError)],
    [
      "SMASH error",
      trained === undefined && trial !== undefined ? formatPercent(trial.validationError) : undefined,
    ],
    ["Parameters", cost && formatCount(cost.parameters)],
    ["Multiply-adds", cost && formatCount(cost.flops)],
    ["Architectures scored", trials.length > 0 ? formatInteger(trials.length) : undefined],
    ["HyperNet steps", trained === undefined ? formatInteger(hypernet.steps) : undefined],
    ["Training time", seconds > 0 ? formatDuration(seconds) : undefined],
  ];
}

function score(
  { validationError, validationLoss, predictedError = NaN, trained }: Trial,
  { rankedBy }: ReportData,
): string {
  if (trained)
    return `${formatPercent(trained.validationError)} validation error after ${formatEpochs(trained.epochs)}`;
  if (rankedBy === "predicted") return `Predicted error ${formatPercent(predictedError)} (reduced network)`;
  return rankedBy === "error"
    ? `SMASH error ${formatPercent(validationError)}`
    : `SMASH loss ${formatLoss(validationLoss)}`;
}

function counted(architectures: number): string {
  return architectures === 1 ? "one architecture" : `${formatInteger(architectures)} architectures`;
}
