/** Moves along dE/dc against random ones, for the terminal. */

import { formatDecimal, formatPercent, formatTextTable } from "../report/index.js";
import type { MoveComparison, StudyResult } from "../study/index.js";

const columns = [
  { title: "moves" },
  { title: "change of loss", align: "right" },
  { title: "95 %", align: "right" },
  { title: "of error", align: "right" },
  { title: "starts improved", align: "right" },
  { title: "entries of c changed", align: "right" },
] as const;

type Estimate = MoveComparison["kinds"]["random"]["loss"];

export function describeMoves(moves: MoveComparison, result: StudyResult): readonly string[] {
  const { starts, length, candidates, kinds, against } = moves;
  const rows = Object.entries(kinds).map(([kind, { loss, error, improved, changedShare }]) => [
    kind,
    nats(loss.mean),
    interval(loss),
    formatPercent(error.mean),
    formatPercent(improved, 0),
    formatPercent(changedShare),
  ]);
  const { spearman, interval95 } = result;
  return [
    `${starts} starts, ${length} moves from each, each of ${candidates} candidates`,
    "",
    formatTextTable(columns, rows),
    "",
    ...Object.entries(against).flatMap(([other, { loss, isBetter }]) => [
      `gradient minus ${other}: ${nats(loss.mean)} nats (95 %: ${interval(loss)})`,
      `gradient ends lower than ${other}: ${formatPercent(isBetter.mean, 0)} of the starts ` +
        `(95 %: ${isBetter.interval95.map((share) => formatPercent(share, 0)).join(" … ")})`,
    ]),
    `predicted and real change of random moves: Spearman ${formatDecimal(spearman)} ` +
      `(95 %: ${interval95.spearman.map((value) => formatDecimal(value)).join(" … ")})`,
  ];
}

const nats = (value: number) => formatDecimal(value, 4);
const interval = ({ interval95 }: Estimate) => interval95.map(nats).join(" … ");
