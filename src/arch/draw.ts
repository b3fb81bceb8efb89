/**
 * An architecture as a picture of its memory banks, after the figures of the author's talk: top to bottom the way the
 * image goes, in every block banks as columns and layers as rows.
 *
 * A self-contained SVG, 900 pixels wide and as high as it has layers, without scripts, ids or outside fonts, so that it
 * can be opened alone or put into a page.
 */

import type { MemoryBankArchitecture } from "./architecture.js";
import { countMemoryBankCost } from "./cost.js";
import { blockHeight, drawBlock } from "./draw-block.js";
import type { GridMeasures } from "./draw-block.js";
import { formatCount } from "../format-count.js";
import { labelPaths } from "./draw-labels.js";
import { readMarks, writeMarks } from "./draw-marks.js";
import { colors, drawPage, margin, pageWidth } from "./draw-theme.js";
import { nonEmptyBanks } from "./memory-banks.js";
import { element, path, text } from "./svg.js";

const headerHeight = 96;
const linkHeight = 52;
/** Widest distance between banks: beyond it rows fall apart. */
const maxPitch = 58;
const labelsWidth = 96;
const characterWidth = 5.6;

function measureGrid({ blocks }: MemoryBankArchitecture): GridMeasures {
  const labels = blocks.flatMap((block) => block.layers.flatMap(labelPaths));
  const left = margin + labelsWidth + Math.max(...labels.map((label) => label.length), 10) * characterWidth;
  const banks = Math.max(...blocks.map((block) => nonEmptyBanks(block)));
  return { left, pitch: Math.min((pageWidth - margin - 16 - left) / banks, maxPitch) };
}

function drawLegend(y: number): string {
  const place = (x: number) => [{ x, y: y - 4 }];
  const label = (content: string, x: number) => text(content, { x, y });
  const bank = { stroke: colors.bank, "stroke-width": 7, "stroke-linecap": "round" };
  return element("g", { "font-size": 11.5 }, [
    element("path", { d: path("M", margin + 5, y - 9) + path("V", y), ...bank }),
    label("bank, from when it is filled", margin + 16),
    readMarks(place(margin + 202), 4.6),
    label("read", margin + 213),
    writeMarks([{ ...place(margin + 266)[0], fillsBank: true }], 4.6),
    label("write: fills an empty bank", margin + 277),
    writeMarks([{ ...place(margin + 450)[0], fillsBank: false }], 4.6),
    label("write: adds to a filled one", margin + 461),
  ]);
}

function drawHeader(architecture: MemoryBankArchitecture, heading: string): string {
  const { input, classes, activationOrder, batchNorm } = architecture;
  const { parameters, flops } = countMemoryBankCost(architecture);
  const facts = [
    `image ${input.size}×${input.size}×${input.channels}`,
    `${classes} classes`,
    `${formatCount(parameters)} parameters`,
    `${formatCount(flops)} multiply-adds`,
    ...(activationOrder === "post" ? ["post-activation"] : []),
    ...(batchNorm === "ops" ? ["BatchNorm inside layers"] : []),
  ];
  return (
    text(heading, { x: margin, y: 34, "font-size": 19, "font-weight": 600 }) +
    text(facts.join("   ·   "), { x: margin, y: 56, fill: colors.faint }) +
    drawLegend(84)
  );
}

/** The step between two panels, in words beside an arrow. */
function drawLink(content: string, top: number): string {
  const x = margin + 30;
  const [start, end] = [top + 9, top + linkHeight - 9];
  const arrow =
    path("M", x, start) +
    path("V", end) +
    path("M", x - 4, end - 5) +
    path("L", x, end) +
    path("L", x + 4, end - 5);
  const stroke = {
    stroke: colors.rail,
    "stroke-width": 1.5,
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
  };
  return (
    element("path", { d: arrow, fill: "none", ...stroke }) +
    text(content, { x: x + 16, y: top + linkHeight / 2 + 4, fill: colors.ink })
  );
}

/** How `drawArchitecture` draws. */
export interface DrawOptions {
  /** Default "Memory-bank architecture". */
  readonly title?: string;
}

/** A self-contained SVG of a valid architecture. */
export function drawMemoryBanks(architecture: MemoryBankArchitecture, options: DrawOptions = {}): string {
  const { title: heading = "Memory-bank architecture" } = options;
  const { blocks, input, stem, classes } = architecture;
  const grid = measureGrid(architecture);
  const parts: string[] = [];
  let top = headerHeight;
  for (const [index, block] of blocks.entries()) {
    const arrival =
      index === 0
        ? `stem: ${stem.kernel}×${stem.kernel} convolution to ${block.inputChannels} channels`
        : `transition: BatchNorm, ReLU, 1×1 convolution to ${block.inputChannels} channels, 2×2 average pool`;
    parts.push(drawLink(arrival, top));
    top += linkHeight;
    parts.push(drawBlock(block, { index, top, imageSize: input.size / 2 ** index, grid }));
    top += blockHeight(block);
  }
  parts.push(drawLink(`head: BatchNorm, ReLU, global average pool, ${classes} classes`, top));
  const height = top + linkHeight + 12;
  const layers = blocks.reduce((sum, block) => sum + block.layers.length, 0);
  const page = { width: pageWidth, height, title: `${heading}: ${blocks.length} blocks, ${layers} layers` };
  return drawPage(page, [drawHeader(architecture, heading), ...parts]);
}
