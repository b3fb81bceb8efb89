/** The one look of all figures: sizes, fonts, colours. Colours are Okabe and Ito's, safe for colour-blind readers. */

import type { Config } from "vega-lite";
import { trialOrigins } from "../search/index.js";

/** Pixels; small enough that text stays legible when a 375-pixel phone scales the figure down. */
export const figureSize = { width: 440, height: 290 } as const;

export const colors = {
  ink: "#1f2933",
  muted: "#6b7785",
  grid: "#e4e8ec",
  paper: "#ffffff",
  blue: "#0072b2",
  orange: "#e69f00",
  green: "#009e73",
  vermilion: "#d55e00",
  purple: "#cc79a7",
  sky: "#56b4e9",
} as const;

/** The same colours on a dark page. Applied by the style sheet, so that the files on disk stay plain. */
export const darkColors: Readonly<Record<keyof typeof colors, string>> = {
  ink: "#e6e9ed",
  muted: "#a3adb8",
  grid: "#333b44",
  paper: "none",
  blue: "#4aa8e0",
  orange: "#f0b429",
  green: "#2fc598",
  vermilion: "#f07c35",
  purple: "#dc9cc0",
  sky: "#7cc6f0",
};

/** Colour and shape by origin, in this order; both, so that print in grey still tells them apart. */
const originColors = [colors.blue, colors.orange, colors.green, colors.purple, colors.sky] as const;
const originShapes = ["circle", "square", "triangle-up", "diamond", "cross"] as const;
const knownOrigins: readonly string[] = trialOrigins;

/** The origins that occur, ours first, with the range that colours them. An origin keeps its colour in every figure. */
export function originScale(origins: readonly string[]) {
  const foreign = [...new Set(origins)].filter((origin) => !knownOrigins.includes(origin)).toSorted();
  const all = [...knownOrigins, ...foreign];
  const domain = all.filter((origin) => origins.includes(origin));
  const places = domain.map((origin) => all.indexOf(origin) % originColors.length);
  return {
    domain,
    colors: places.map((place) => originColors[place]),
    shapes: places.map((place) => originShapes[place]),
  };
}

/** Points told apart by their origin, in colour and shape. */
export function encodeOrigins({ domain, colors: range, shapes }: ReturnType<typeof originScale>) {
  return {
    color: { field: "origin", type: "nominal", scale: { domain, range } },
    shape: { field: "origin", type: "nominal", scale: { domain, range: shapes } },
  } as const;
}

const text = { labelColor: colors.muted, labelFontSize: 12, titleColor: colors.ink, titleFontSize: 12.5 };

/** Of guide lines. Not in the theme: legends of other rules would take it from there and fray their symbols. */
export const guideDash = [5, 4];

export const figureConfig: Config = {
  aria: false, // one label for the whole picture instead of one per point
  background: colors.paper,
  font: "system-ui, sans-serif",
  padding: { left: 4, right: 12, top: 6, bottom: 4 },
  view: { stroke: null },
  axis: {
    ...text,
    titleFontWeight: 500,
    titlePadding: 8,
    gridColor: colors.grid,
    domainColor: colors.muted,
    tickColor: colors.muted,
    tickSize: 4,
    labelPadding: 4,
  },
  axisX: { grid: false, labelFlush: false },
  // Text is measured generously where there is no screen; names of predictors are longer than the default of 180.
  axisY: { domain: false, ticks: false, labelLimit: 300 },
  legend: {
    ...text,
    labelColor: colors.ink,
    orient: "top",
    title: null,
    symbolSize: 90,
    offset: 8,
    columnPadding: 14,
  },
  line: { strokeWidth: 2, strokeJoin: "round", strokeCap: "round" },
  point: { filled: true, size: 34, opacity: 0.6 },
  bar: { stroke: colors.paper, strokeWidth: 0.5 },
  rule: { color: colors.muted, strokeWidth: 1.25 },
  text: { color: colors.muted, fontSize: 12 },
};
