/** One block as a panel: banks are columns that begin where they are filled, layers are rows that read and write. */

import type { Block, Layer } from "./architecture.js";
import { describeLayer, labelPaths } from "./draw-labels.js";
import { markRadius, readMarks, writeMarks } from "./draw-marks.js";
import { colors, margin, pageWidth } from "./draw-theme.js";
import { nonEmptyBanks } from "./memory-banks.js";
import { element, path, text, title } from "./svg.js";

const rowHeight = 30;
const headHeight = 62;
const footHeight = 14;
/** How far above and below its middle a row reads and writes. */
const reach = 7.5;

export interface GridMeasures {
  /** Where the columns begin, pixels from the left. */
  readonly left: number;
  /** Pixels from one bank to the next. */
  readonly pitch: number;
}

export interface BlockPlace {
  readonly index: number;
  readonly top: number;
  /** Height = width of the block's feature maps, pixels. */
  readonly imageSize: number;
  readonly grid: GridMeasures;
}

export function blockHeight(block: Block): number {
  return headHeight + block.layers.length * rowHeight + footHeight;
}

function bankX({ left, pitch }: GridMeasures, bank: number): number {
  return left + (bank + 0.5) * pitch;
}

function rowY(top: number, row: number): number {
  return top + headHeight + (row + 0.5) * rowHeight;
}

/** Bank numbers: all of them where there is room, else every 5th, 10th … */
function drawBankNumbers(banks: number, { top, grid }: BlockPlace): string {
  const step = [1, 2, 5, 10, 20, 50].find((count) => count * grid.pitch >= 15) ?? 100;
  const labels: string[] = [];
  for (let bank = 0; bank < banks; bank += step) {
    labels.push(text(String(bank), { x: bankX(grid, bank), y: top + 46 }));
  }
  return element("g", { "font-size": 9.5, "text-anchor": "middle", fill: colors.faint }, labels);
}

/** A thin line while a bank is empty, a broad one from the row that fills it. */
function drawBanks(block: Block, { top, grid }: BlockPlace): string {
  const start = top + headHeight - 8;
  const end = top + blockHeight(block) - footHeight + 4;
  const banks = nonEmptyBanks(block);
  const broad = Math.max(Math.min(grid.pitch * 0.36, 7), 0.8);
  const empty: string[] = [];
  const filled: string[] = [];
  for (let bank = 0; bank < banks; bank++) {
    const x = bankX(grid, bank);
    const row = block.layers.findIndex((_, index) => nonEmptyBanks(block, index + 1) > bank);
    const isInput = bank < nonEmptyBanks(block, 0);
    const from = isInput ? start : rowY(top, row) + reach;
    if (!isInput) empty.push(path("M", x, start) + path("V", from));
    filled.push(path("M", x, from) + path("V", end));
  }
  const stroke = { fill: "none", "stroke-linecap": "round" };
  return (
    element("path", { ...stroke, d: empty.join(""), stroke: colors.emptyBank, "stroke-width": 1 }) +
    element("path", { ...stroke, d: filled.join(""), stroke: colors.bank, "stroke-width": broad })
  );
}

function rowBox(top: number, row: number) {
  const y = rowY(top, row) - rowHeight / 2;
  return { x: margin + 10, y, width: pageWidth - 2 * margin - 20, height: rowHeight, rx: 4 };
}

function drawStripes(rows: number, top: number): string {
  const stripes: string[] = [];
  for (let row = 0; row < rows; row += 2) {
    stripes.push(element("rect", { ...rowBox(top, row), fill: colors.stripe }));
  }
  return stripes.join("");
}

function drawLayer(layer: Layer, row: number, nonEmpty: number, { top, grid }: BlockPlace): string {
  const y = rowY(top, row);
  const radius = markRadius(grid.pitch);
  const reads = layer.reads.map((bank) => ({ x: bankX(grid, bank), y: y - reach }));
  const writes = layer.writes.map((bank) => ({
    x: bankX(grid, bank),
    y: y + reach,
    fillsBank: bank >= nonEmpty,
  }));
  const touched = [...reads, ...writes].map(({ x }) => x);
  const rail =
    path("M", Math.min(...touched), y) +
    path("H", Math.max(...touched)) +
    [...reads, ...writes].map((place) => path("M", place.x, y) + path("V", place.y)).join("");
  const paths = labelPaths(layer);
  const lines = paths.map((line, index) =>
    text(line, { x: margin + 82, y: y + 4 + (index - (paths.length - 1) / 2) * 11.5 }),
  );
  return element("g", {}, [
    title(describeLayer(layer, row + 1)),
    element("rect", { ...rowBox(top, row), fill: "none", "pointer-events": "all" }),
    text(String(row + 1), { x: margin + 34, y: y + 4, "text-anchor": "end", fill: colors.faint }),
    text(`${layer.units}`, { x: margin + 66, y: y + 4, "text-anchor": "end", "font-weight": 600 }),
    element("g", { "font-size": paths.length > 1 ? 10 : 11 }, lines),
    element("path", {
      d: rail,
      fill: "none",
      stroke: colors.rail,
      "stroke-width": Math.min(radius * 0.45, 1.4),
    }),
    readMarks(reads, radius),
    writeMarks(writes, radius),
  ]);
}

/** The panel of one block; it is `blockHeight` pixels high. */
export function drawBlock(block: Block, place: BlockPlace): string {
  const { index, top, imageSize } = place;
  const [inputBanks, banks] = [nonEmptyBanks(block, 0), nonEmptyBanks(block)];
  const summary =
    `${imageSize}×${imageSize} pixels, banks of ${block.bankChannels} channels: ` +
    `${inputBanks} filled by the input, ${banks} at the end`;
  const columnHead = { y: top + 46, "font-size": 9.5, fill: colors.faint };
  return element("g", {}, [
    element("rect", {
      x: margin,
      y: top,
      width: pageWidth - 2 * margin,
      height: blockHeight(block),
      rx: 8,
      fill: colors.panel,
      stroke: colors.edge,
    }),
    text(`Block ${index + 1}`, { x: margin + 16, y: top + 24, "font-size": 14, "font-weight": 600 }),
    text(summary, { x: margin + 80, y: top + 24, fill: colors.faint }),
    text("layer", { ...columnHead, x: margin + 34, "text-anchor": "end" }),
    text("units", { ...columnHead, x: margin + 66, "text-anchor": "end" }),
    text("convolution", { ...columnHead, x: margin + 82 }),
    drawStripes(block.layers.length, top),
    drawBankNumbers(banks, place),
    drawBanks(block, place),
    ...block.layers.map((layer, row) => drawLayer(layer, row, nonEmptyBanks(block, row), place)),
  ]);
}
