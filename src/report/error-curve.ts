/** The common form of the two learning curves: error over time on two sets, and one dashed level to compare with. */

import type { FigureSpec } from "./draw-figure.js";
import { colors, guideDash } from "./figure-theme.js";
import { percentLabel } from "./score-naming.js";

export interface CurveRow {
  /** Step or epoch. */
  readonly x: number;
  readonly error: number;
  readonly set: "training" | "validation";
}

export interface ErrorCurveOptions {
  readonly xTitle: string;
  /** A level to compare with; its label stands at the end where the curves leave room. */
  readonly rule: { readonly error: number; readonly label: string; readonly side: "left" | "right" };
}

/** Fewer points than this do not make a visible line and get dots. */
const fewPoints = 25;

const labelPlaces = {
  left: { align: "left", x: 4 },
  right: { align: "right", x: "width" },
} as const;

export function errorCurveSpec(rows: readonly CurveRow[], options: ErrorCurveOptions): FigureSpec {
  const { xTitle, rule } = options;
  const finite = rows.filter(({ x, error }) => Number.isFinite(x) && Number.isFinite(error));
  const sets = (["training", "validation"] as const)
    .map((set) => ({ set, values: finite.filter((row) => row.set === set) }))
    .filter(({ values }) => values.length > 0);
  const highest = Math.max(rule.error, ...finite.map(({ error }) => error));
  const x = {
    field: "x",
    type: "quantitative",
    title: xTitle,
    scale: { nice: false, zero: false },
    axis: { format: "~s", tickCount: 6, tickMinStep: 1 },
  } as const;
  const y = {
    field: "error",
    type: "quantitative",
    title: "error (%)",
    // Room for the rule's label even when the rule is the highest thing drawn.
    scale: { domainMin: 0, domainMax: Math.min(1, 1.08 * highest) },
    axis: { labelExpr: percentLabel, tickCount: 6 },
  } as const;
  const color = {
    field: "set",
    type: "nominal",
    scale: {
      domain: sets.map(({ set }) => set),
      range: sets.map(({ set }) => (set === "training" ? colors.orange : colors.blue)),
    },
    legend: { symbolType: "stroke", symbolStrokeWidth: 3 },
  } as const;
  return {
    layer: [
      {
        data: { values: [rule] },
        encoding: { y },
        layer: [
          { mark: { type: "rule", strokeDash: guideDash } },
          {
            mark: { type: "text", ...labelPlaces[rule.side], baseline: "bottom", dy: -3 },
            encoding: { text: { field: "label" } },
          },
        ],
      },
      ...sets.map(({ values }) => ({
        data: { values: [...values] },
        mark: { type: "line" as const, point: values.length <= fewPoints && { opacity: 1, size: 26 } },
        encoding: { x, y, color },
      })),
    ],
  };
}
