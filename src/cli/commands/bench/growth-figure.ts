/** The figure of `smash bench growth`: time against size, both as multiples of the smallest, on logarithmic axes. */

import { figureColors as colors, type FigurePlan } from "../../../report/index.js";
import type { GrowthSeries } from "./growth.js";

/** Points are measured, solid lines fitted; along the dashed one, time is proportional to size. */
export function planGrowth(series: readonly GrowthSeries[]): FigurePlan {
  const largest = Math.max(...series.map(({ values }) => values[values.length - 1] / values[0]));
  const named = series.map((one) => ({
    ...one,
    label: `${one.name}: exponent ${one.law.exponent.toFixed(2)}`,
  }));
  const measured = named.flatMap(({ label, values, ms }) =>
    values.map((value, index) => ({ label, size: value / values[0], time: ms[index] / ms[0] })),
  );
  const fitted = named.flatMap(({ label, values, ms, law: { exponent, factor } }) =>
    [values[0], values[values.length - 1]].map((value) => ({
      label,
      size: value / values[0],
      time: (factor * value ** exponent) / ms[0],
    })),
  );
  const x = {
    field: "size",
    type: "quantitative",
    title: "size (smallest: 1)",
    scale: { type: "log", nice: false, padding: 8 },
  } as const;
  const y = {
    field: "time",
    type: "quantitative",
    title: "time (smallest: 1)",
    scale: { type: "log", nice: false, padding: 8 },
  } as const;
  const color = {
    field: "label",
    type: "nominal",
    scale: { domain: named.map(({ label }) => label), range: [colors.blue, colors.orange, colors.green] },
    // Three long names do not fit side by side.
    legend: { columns: 1, labelLimit: 0 },
  } as const;
  const ranges = series.map(
    ({ name, values, ms }) =>
      `${name} ${values[0]} to ${values[values.length - 1]}, ${ms[0].toFixed(0)} to ${ms[ms.length - 1].toFixed(0)} ms`,
  );
  return {
    name: "growth",
    title: "How time grows",
    caption:
      `Time of HyperNet training with ${ranges.join("; ")}. Points are medians, solid lines power laws through them; ` +
      "along the dashed line time is proportional to size. Below it, a part of the time does not grow.",
    spec: {
      data: { values: measured },
      layer: [
        {
          data: { values: [1, largest].map((size) => ({ size, time: size })) },
          mark: { type: "line", color: colors.muted, strokeDash: [5, 4], strokeWidth: 1.25 },
          encoding: { x, y },
        },
        { data: { values: fitted }, mark: { type: "line" }, encoding: { x, y, color } },
        { mark: { type: "point", opacity: 1, size: 60 }, encoding: { x, y, color } },
      ],
    },
  };
}
