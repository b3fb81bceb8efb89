/** The sections about the search: what was searched, how the HyperNet learned, how the architectures scored. */

import type { Figure } from "./draw-figure.js";
import {
  formatCount,
  formatDuration,
  formatEpochs,
  formatInteger,
  formatLoss,
  formatNaswot,
  missing,
  formatPercent,
} from "./format.js";
import { html, type Markup } from "./html-markup.js";
import { factList, plots } from "./html-parts.js";
import { describeLimits, rankTrials } from "../search/index.js";
import type { ReportData } from "./report-data.js";
import { scoreNaming } from "./score-naming.js";
import { shownNetwork } from "./shown-network.js";

const spaceNotes: Readonly<Record<ReportData["space"], string>> = {
  "memory-banks": "Networks whose layers read from and write to memory banks.",
  "nas-bench-201":
    "Networks that repeat one cell of NAS-Bench-201: four nodes, six edges, each one of five operations.",
};

export function searchedSection(data: ReportData): Markup {
  const { dataset, hypernet } = data;
  const origins = [...new Set(data.trials.map(({ origin }) => origin))]
    .map(
      (origin) => `${formatInteger(data.trials.filter((trial) => trial.origin === origin).length)} ${origin}`,
    )
    .join(", ");
  return html`<section>
    <h2>What was searched</h2>
    <p>
      ${spaceNotes[data.space]} One auxiliary network, the HyperNet, learns to write the weights of any of
      them. Architectures are then compared on ${dataset.name} with the weights it writes, without training
      them.
      ${data.surrogate ? "A surrogate, which has learned from a few trained networks, orders them by that and by what they are." : undefined}
    </p>
    ${factList("facts", [
      ["Data set", dataset.name],
      ["Classes", formatInteger(dataset.classes.length)],
      ["Training images", dataset.trainImages && formatInteger(dataset.trainImages)],
      ["Validation images, held out", formatInteger(dataset.validationImages)],
      ["Test images", dataset.testImages && formatInteger(dataset.testImages)],
      ["Preset", data.preset],
      ["Architectures scored", origins === "" ? undefined : origins],
      ["Limits", describeLimits(data.limits ?? {})],
      ["Ranked by", scoreNaming[data.rankedBy].measure],
      ["BatchNorm statistics", data.batchNorm],
      ["Surrogate learned from", describeSurrogate(data)],
      ["Then fine-tuned", describeFineTuning(data)],
      ["Then trained from scratch", describeFinalists(data)],
      ["HyperNet parameters", formatCount(hypernet.parameters)],
      ["Freely learned, shared parameters", formatCount(hypernet.freeParameters)],
      ["HyperNet steps", describeSteps(data)],
      ["HyperNet training time", hypernet.seconds > 0 ? formatDuration(hypernet.seconds) : undefined],
    ])}
  </section>`;
}

function describeSurrogate({ surrogate }: ReportData): string | undefined {
  if (!surrogate) return undefined;
  return `${surrogate.checks.length} networks, reduced and trained briefly, in ${formatDuration(surrogate.seconds)}`;
}

function describeSteps({ hypernet: { steps, plannedSteps } }: ReportData): string {
  const planned = formatInteger(plannedSteps);
  return steps < plannedSteps ? `${formatInteger(steps)} of ${planned}` : planned;
}

function describeFineTuning({ trials, fineTuning }: ReportData): string | undefined {
  const count = trials.filter(({ fineTuned }) => fineTuned).length;
  if (count === 0) return undefined;
  return `the best ${count}, for ${fineTuning.steps} steps at a rate of ${fineTuning.rate}`;
}

function describeFinalists({ trials, finalistSeconds }: ReportData): string | undefined {
  const finalists = trials.flatMap(({ trained }) => trained ?? []);
  if (finalists.length === 0) return undefined;
  return `${finalists.length} finalists, for ${formatEpochs(finalists[0].epochs)}, in ${formatDuration(finalistSeconds)}`;
}

export function hypernetSection(figures: readonly Figure[]): Markup | undefined {
  const shown = plots(figures, ["hypernet-curve"]);
  if (shown === undefined) return undefined;
  return html`<section>
    <h2>The HyperNet</h2>
    <p>
      Each training step draws another architecture, generates its weights and runs one mini-batch through it.
      The training curve therefore mixes good and poor architectures.
    </p>
    ${shown}
  </section>`;
}

export function scoresSection(data: ReportData, figures: readonly Figure[]): Markup | undefined {
  const shown = plots(figures, [
    ...["score-histogram", "rank-curve", "score-parameters", "score-multiply-adds"],
    "surrogate-check",
  ]);
  if (shown === undefined) return undefined;
  return html`<section>
    <h2>Scores</h2>
    <p>
      Each architecture was scored on the same ${formatInteger(data.dataset.scoringImages)} validation images.
      Lower is better. Colours and shapes tell where an architecture came from: drawn at random, or proposed
      by a strategy that knew what was scored before.
    </p>
    ${shown}
  </section>`;
}

export function rankingSection(data: ReportData): Markup | undefined {
  if (data.trials.length === 0) return undefined;
  const shown = shownNetwork(data);
  const withNaswot = data.rankedBy === "loss+naswot";
  const withPredicted = data.rankedBy === "predicted";
  const withTuned = data.trials.some(({ fineTuned }) => fineTuned);
  const finalist = data.trials.find(({ trained }) => trained)?.trained;
  const ranked = rankTrials(data.trials, data.rankedBy).map((trial, index) => ({ trial, rank: index + 1 }));
  const leaders = ranked.slice(0, 10);
  const listed = [...leaders, ...ranked.slice(10).filter(({ rank }) => rank === shown?.rank)];
  const rows = listed.map(
    ({ trial, rank }) =>
      html`<tr${rank === shown?.rank ? html` class="best"` : undefined}>
        <th scope="row">${rank}</th>
        <td>${formatPercent(trial.validationError)}</td>
        <td>${formatLoss(trial.validationLoss)}</td>
        ${withTuned ? html`<td>${trial.fineTuned ? formatLoss(trial.fineTuned.validationLoss) : missing}</td>` : undefined}
        ${finalist ? html`<td>${trial.trained ? formatPercent(trial.trained.validationError) : missing}</td>` : undefined}
        ${withPredicted ? html`<td>${formatPercent(trial.predictedError ?? NaN)}</td>` : undefined}
        ${withNaswot ? html`<td>${formatNaswot(trial.naswot)}</td>` : undefined}
        <td>${formatCount(trial.parameters)}</td>
        <td>${formatCount(trial.flops)}</td>
        <td>${trial.origin}</td>
      </tr> `,
  );
  return html`<section>
    <h2>${leaders.length === 10 ? "The best ten" : "The ranking"}</h2>
    <p>
      Ordered by ${scoreNaming[data.rankedBy].measure}. Neighbouring ranks are often closer than the score is
      exact.
      ${
        withTuned
          ? `The best were also fine-tuned, each trained a little from the weights that the HyperNet wrote: they ${finalist ? "come before the others" : "lead"}, in the order of their scores after it.`
          : undefined
      }
      ${
        finalist
          ? `Finalists lead, in the order of their validation errors after ${formatEpochs(finalist.epochs)} of training from scratch.`
          : undefined
      }
      ${(shown?.rank ?? 1) > 1 ? `The row in bold is the ${shown?.name}.` : undefined}
    </p>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Rank</th>
            <th scope="col">SMASH error</th>
            <th scope="col">Loss (nats)</th>
            ${withTuned ? html`<th scope="col">Fine-tuned loss</th>` : undefined}
            ${finalist ? html`<th scope="col">Trained error</th>` : undefined}
            ${withPredicted ? html`<th scope="col">Predicted error</th>` : undefined}
            ${withNaswot ? html`<th scope="col">NASWOT</th>` : undefined}
            <th scope="col">${"Para\u00admeters"}</th>
            <th scope="col">Multiply-adds</th>
            <th scope="col">Origin</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>
  </section>`;
}
