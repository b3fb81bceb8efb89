/** A study's result as text. */

import { formatCount } from "../format-count.js";
import { formatChange, formatDecimal, formatLoss, formatPercent, formatTextTable } from "../report/index.js";
import type { Agreement } from "../statistics/index.js";
import type { Combined, StudyResult } from "../study/index.js";
import { describeMoves } from "./describe-moves.js";

const columns = [
  { title: "predictor" },
  { title: "Spearman", align: "right" },
  { title: "95 %", align: "right" },
  { title: "Kendall", align: "right" },
  { title: "without size", align: "right" },
  { title: "better half", align: "right" },
  { title: "95 %", align: "right" },
  { title: "rank of its best", align: "right" },
] as const;

/** What `smash study` prints of a result. */
export function describeStudy(result: StudyResult): string {
  const { study, n, by, baselines, combined, seedCeiling, attainable, diverged, betweenHyperNets, moves } =
    result;
  const drawn = result.figures.map((figure) => `figure  ${figure}`);
  if (moves !== null) return [...describeMoves(moves, result), ...drawn].join("\n");
  const mixed: [string, Agreement][] = combined
    ? [
        ["all baselines", combined.baselines],
        ["with the score", combined.withScore],
      ]
    : [];
  const rows = [...Object.entries(by), ...Object.entries(baselines), ...mixed].map(([name, agreement]) => [
    name,
    ...describeAgreement(agreement),
  ]);
  return [
    `${study}: ${n} architectures, ${result.architecturesPerMinute.toFixed(1)} scored a minute`,
    "",
    formatTextTable(columns, rows),
    "",
    ...(combined ? [describeGain(combined)] : []),
    ...(seedCeiling === null ? [] : [`between training seeds  ${formatDecimal(seedCeiling)}`]),
    ...(attainable === null ? [] : [`perfect predictor       ${formatDecimal(attainable)}`]),
    ...(diverged ? [`diverged trainings      ${diverged}, counted as chance level`] : []),
    ...(betweenHyperNets === null ? [] : [`between HyperNets       ${formatDecimal(betweenHyperNets)}`]),
    ...describeHyperNets(result),
    ...describeCorruption(result),
    ...drawn,
  ].join("\n");
}

const hypernetColumns = [
  { title: "HyperNet" },
  { title: "parameters", align: "right" },
  { title: "shared weights", align: "right" },
  { title: "mean loss", align: "right" },
  { title: "mean error", align: "right" },
] as const;

function describeHyperNets({ hypernets }: StudyResult): string[] {
  if (hypernets.length < 2) return [];
  const rows = hypernets.map(({ name, parameters: { hypernet, free }, meanLoss, meanError }) => [
    name,
    formatCount(hypernet),
    formatCount(free),
    formatLoss(meanLoss),
    formatPercent(meanError),
  ]);
  return ["", formatTextTable(hypernetColumns, rows), ""];
}

const corruptionColumns = [
  { title: "wrong" },
  { title: "elements", align: "right" },
  { title: "loss", align: "right" },
  { title: "95 %", align: "right" },
  { title: "right is better", align: "right" },
] as const;

function describeCorruption({ corruption }: StudyResult): string[] {
  if (corruption === null) return [];
  const rows = corruption.map(({ name, elements, lossIncrease, rightIsBetter }) => [
    name,
    elements.toFixed(1),
    formatChange(lossIncrease.mean, 4),
    interval(lossIncrease.interval95, 4),
    formatPercent(rightIsBetter.mean, 0),
  ]);
  return ["", formatTextTable(corruptionColumns, rows), ""];
}

function describeGain({ gain }: Combined): string {
  const { spearman, topHalfSpearman, interval95 } = gain;
  return (
    `what the score adds to all baselines: Spearman ${formatChange(spearman)} (${interval(interval95.spearman)}), ` +
    `better half ${formatChange(topHalfSpearman)} (${interval(interval95.topHalfSpearman)})`
  );
}

const interval = ([low, high]: readonly [number, number], digits?: number) =>
  `${formatDecimal(low, digits)} … ${formatDecimal(high, digits)}`;

function describeAgreement(agreement: Agreement): string[] {
  const { spearman, kendall, partialSpearman, topHalf, interval95, firstChoice } = agreement;
  return [
    formatDecimal(spearman),
    interval(interval95.spearman),
    formatDecimal(kendall),
    formatDecimal(partialSpearman ?? NaN),
    formatDecimal(topHalf.spearman),
    interval(interval95.topHalfSpearman),
    `${firstChoice.rank} (${formatPercent(firstChoice.truth)})`,
  ];
}
