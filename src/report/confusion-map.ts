/**
 * A confusion matrix as a picture: a row a true class, a column a predicted one. The diagonal and the mistakes have a
 * scale each: mistakes would be invisible on that of a good network's diagonal.
 *
 * Not drawn by Vega: cells of one shade are one path, so that the picture of a hundred classes stays small.
 */

import { classErrors } from "./confusion.js";
import { colors } from "./figure-theme.js";
import { formatPercent } from "./format.js";
import { html, type Content, type Markup } from "./html-markup.js";
import type { TestDetails } from "./report-data.js";

/** With more classes a cell would be smaller than can be seen. */
export const mostMapped = 128;
/** With more classes names and errors find no room beside their rows. */
export const mostNamed = 30;
/** With more classes numbers find no room in their cells. */
const mostNumbered = 12;

const shades = 10;
const fontSize = 12;
const characterWidth = 6.6;
const longestName = 18;

/** Undefined for more classes than a picture can show. */
export function drawConfusion({ classes, confusion }: TestDetails): Markup | undefined {
  const count = classes.length;
  if (count > mostMapped) return undefined;
  const isNamed = count <= mostNamed;
  const cell = count <= mostNumbered ? 40 : isNamed ? 22 : Math.max(5, Math.floor(640 / count));
  const names = classes.map(shorten);
  const nameWidth = isNamed ? Math.ceil(Math.max(...names.map(({ length }) => length)) * characterWidth) : 0;
  const [left, top] = isNamed ? [nameWidth + 28, nameWidth + 30] : [24, 24];
  const errorWidth = isNamed ? 66 : 12;
  const [width, height] = [left + count * cell + errorWidth, top + count * cell + 10];
  const middle = (index: number) => (index + 0.5) * cell;
  const rows = names.map(
    (name, index) =>
      html`<text x="${left - 8}" y="${top + middle(index) + 4}" text-anchor="end">${name}</text>`,
  );
  const columns = names.map((name, index) => {
    const [x, y] = [left + middle(index) + 4, top - 8];
    return html`<text x="${x}" y="${y}" transform="rotate(-90 ${x} ${y})">${name}</text>`;
  });
  const errors = classErrors(confusion).map(
    ({ error }, index) =>
      html`<text x="${left + count * cell + 56}" y="${top + middle(index) + 4}" text-anchor="end"
        >${Number.isFinite(error) ? formatPercent(error, 1) : ""}</text
      >`,
  );
  const edge = count * cell;
  return html`<svg
    xmlns="http://www.w3.org/2000/svg"
    width="${width}"
    height="${height}"
    viewBox="0 0 ${width} ${height}"
    role="img"
    aria-label="Confusion matrix"
    font-family="system-ui, sans-serif"
    font-size="${fontSize}"
    fill="${colors.ink}"
  >
    <title>Confusion matrix of ${count} classes</title>
    <rect width="${width}" height="${height}" fill="${colors.paper}" />
    <text x="${left + edge / 2}" y="14" text-anchor="middle" fill="${colors.muted}">predicted</text>
    <text
      x="14"
      y="${top + edge / 2}"
      transform="rotate(-90 14 ${top + edge / 2})"
      text-anchor="middle"
      fill="${colors.muted}"
    >
      true
    </text>
    ${isNamed ? [rows, columns, html`<g fill="${colors.muted}">${errors}</g>`] : undefined}
    ${isNamed ? html`<text x="${left + edge + 56}" y="${top - 8}" text-anchor="end" fill="${colors.muted}">error</text>` : undefined}
    <g transform="translate(${left} ${top})">
      ${drawCells(confusion, cell)} ${count <= mostNumbered ? drawNumbers(confusion, cell) : undefined}
      <rect width="${edge}" height="${edge}" fill="none" stroke="${colors.muted}" />
    </g>
  </svg>`;
}

/** Fractions of the rows' images. */
function sharesOf(confusion: TestDetails["confusion"]): number[][] {
  return confusion.map((row) => {
    const images = row.reduce((sum, count) => sum + count, 0);
    return row.map((count) => (images === 0 ? 0 : count / images));
  });
}

function drawCells(confusion: TestDetails["confusion"], cell: number): Content {
  const shares = sharesOf(confusion);
  const gap = cell >= 20 ? 1 : 0;
  const highest = highestMistake(shares);
  const paths = new Map<string, string>();
  for (const [row, values] of shares.entries()) {
    for (const [column, share] of values.entries()) {
      const level = shadeOf(share, row === column ? 1 : highest);
      if (level === 0) continue;
      const key = `${row === column ? colors.blue : colors.vermilion} ${level}`;
      const size = cell - gap;
      const square = `M${column * cell + gap / 2} ${row * cell + gap / 2}h${size}v${size}h-${size}z`;
      paths.set(key, (paths.get(key) ?? "") + square);
    }
  }
  return [...paths].map(([key, path]) => {
    const [color, level] = key.split(" ");
    return html`<path fill="${color}" fill-opacity="${Number(level) / shades}" d="${path}" />`;
  });
}

function highestMistake(shares: readonly (readonly number[])[]): number {
  return shares.reduce(
    (highest, row, index) => Math.max(highest, ...row.filter((_, column) => column !== index)),
    0,
  );
}

/** 0 for nothing, 1 … `shades` for something. */
function shadeOf(share: number, highest: number): number {
  return share === 0 ? 0 : Math.max(1, Math.round((shades * share) / highest));
}

/** Percent of the row's images; "<1" where some are less. */
function drawNumbers(confusion: TestDetails["confusion"], cell: number): Content {
  const shares = sharesOf(confusion);
  const highest = highestMistake(shares);
  return shares.flatMap((values, row) =>
    values.map((share, column) => {
      if (share === 0) return undefined;
      const percent = Math.round(100 * share);
      const isDark = shadeOf(share, row === column ? 1 : highest) > 0.6 * shades;
      const [x, y] = [(column + 0.5) * cell, (row + 0.5) * cell + 4];
      return html`<text x="${x}" y="${y}" text-anchor="middle" fill="${isDark ? colors.paper : colors.ink}"
        >${percent === 0 ? "<1" : percent}</text
      >`;
    }),
  );
}

function shorten(name: string): string {
  return name.length > longestName ? `${name.slice(0, longestName - 1)}…` : name;
}
