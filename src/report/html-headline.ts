/** The top of the page: the result in one line, one paragraph on how it came about, and the key figures. */

import { formatCount, formatDuration, formatInteger, formatLoss, formatPercent } from "./format.js";
import { html, type Markup } from "./html-markup.js";
import { factList, unbroken, type Fact } from "./html-parts.js";
import { bestTrial } from "./best-trial.js";
import type { ReportData, RunStatus } from "./report-data.js";
import { scoreNaming } from "./score-naming.js";

const statusNames: Readonly<Record<RunStatus, string>> = {
  "training-hypernet": "training the HyperNet",
  ranking: "ranking",
  "training-best": "training the winner",
  done: "done",
  stopped: "stopped",
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

/** Headlines while no architecture has a score. */
const unscored: Readonly<Record<RunStatus, (dataset: string) => string>> = {
  "training-hypernet": (dataset) => `Training a HyperNet for ${dataset}`,
  ranking: (dataset) => `Ranking architectures for ${dataset}`,
  "training-best": (dataset) => `Training a network for ${dataset}`,
  done: (dataset) => `A trained HyperNet for ${dataset}`,
  stopped: (dataset) => `Stopped while training a HyperNet for ${dataset}`,
};

/** Also the page's title. */
export function headlineText(data: ReportData): string {
  const { trained, trials, status, dataset } = data;
  const best = bestTrial(data);
  if (trained !== undefined) return `${formatPercent(trained.testError)} test error on ${dataset.name}`;
  if (best !== undefined && status === "training-best")
    return `Training the best of ${counted(trials.length)}`;
  if (best !== undefined && status === "done") return `${score(data)}: the best of ${counted(trials.length)}`;
  if (best !== undefined) return `${score(data)}: the best of ${counted(trials.length)} so far`;
  return unscored[status](dataset.name);
}

function lead(data: ReportData): string {
  const { trained, trials, rankedBy, hypernet, dataset, status } = data;
  const best = bestTrial(data);
  const tuned = trials.filter(({ fineTuned }) => fineTuned).length;
  if (trained !== undefined) {
    return (
      `A network of ${formatCount(trained.parameters)} parameters and ${formatCount(trained.flops)} multiply-adds. ` +
      `It was chosen among ${counted(trials.length)} by its ${scoreNaming[rankedBy].measure}, ` +
      `${tuned > 1 ? `among the best ${tuned} of them after fine-tuning, ` : ""}` +
      `and then trained from scratch for ${formatInteger(trained.epochs)} epochs.`
    );
  }
  const halted = status === "stopped" ? "The run was stopped and can be resumed. " : "";
  if (best !== undefined) {
    const next =
      status === "training-best" ? "It is being trained from scratch." : "It has not been trained yet.";
    return (
      `${halted}The leader has ${formatCount(best.parameters)} parameters, ` +
      `${formatCount(best.flops)} multiply-adds, and a validation error of ` +
      `${formatPercent(best.validationError)} with generated weights. ${next}`
    );
  }
  const latest = hypernet.validation.at(-1);
  const reached =
    latest === undefined
      ? "It has not been validated yet."
      : `Architectures drawn at random reach a validation error of ${formatPercent(latest.error)} with its weights; ` +
        `guessing would reach ${formatPercent(1 - 1 / dataset.classes.length)}.`;
  return `${halted}The HyperNet has been trained for ${formatInteger(hypernet.steps)} steps. ${reached}`;
}

/** Six at most: one row on a desktop. The headline already holds the test error. */
function keyFigures(data: ReportData): readonly Fact[] {
  const { trained, trials, hypernet, dataset } = data;
  const best = bestTrial(data);
  const top5 = trained !== undefined && dataset.classes.length >= leastClassesForTop5;
  const seconds = hypernet.seconds + (trained?.seconds ?? 0);
  return [
    ["Test error, top 5", top5 ? formatPercent(trained.testTop5Error) : undefined],
    ["Validation error", trained && formatPercent(trained.validationError)],
    [
      "SMASH error",
      trained === undefined && best !== undefined ? formatPercent(best.validationError) : undefined,
    ],
    ["Parameters", best && formatCount(trained?.parameters ?? best.parameters)],
    ["Multiply-adds", best && formatCount(trained?.flops ?? best.flops)],
    ["Architectures scored", trials.length > 0 ? formatInteger(trials.length) : undefined],
    ["HyperNet steps", trained === undefined ? formatInteger(hypernet.steps) : undefined],
    ["Training time", seconds > 0 ? formatDuration(seconds) : undefined],
  ];
}

function score(data: ReportData): string {
  const best = bestTrial(data)!;
  return data.rankedBy === "error"
    ? `SMASH error ${formatPercent(best.validationError)}`
    : `SMASH loss ${formatLoss(best.validationLoss)}`;
}

function counted(architectures: number): string {
  return architectures === 1 ? "one architecture" : `${formatInteger(architectures)} architectures`;
}
