/** A cell as a graph: nodes, and edges coloured and named by their operation; edges that carry nothing are dashed. */

import { formatCount } from "../../format-count.js";
import { colors, drawPage, margin, pageWidth } from "../draw-theme.js";
import { element, path, text, title } from "../svg.js";
import type { CellArchitecture } from "./cell-architecture.js";
import { countCellCost } from "./cell-cost.js";
import { cellEdges, formatCell, pruneCell, type Edge, type Operation } from "./cell.js";

const height = 400;
const radius = 19;
const nodes = [
  { x: 90, y: 245, label: "input" },
  { x: 450, y: 150, label: "1" },
  { x: 450, y: 340, label: "2" },
  { x: 810, y: 245, label: "output" },
] as const;

const styles: Readonly<Record<Operation, { readonly color: string; readonly label: string }>> = {
  none: { color: colors.emptyBank, label: "none" },
  skip_connect: { color: colors.rail, label: "skip" },
  nor_conv_1x1: { color: "#009e73", label: "1×1 convolution" },
  nor_conv_3x3: { color: colors.read, label: "3×3 convolution" },
  avg_pool_3x3: { color: colors.write, label: "3×3 average pool" },
};

/** The edge from input to output passes above everything; the others are straight. */
function drawEdge({ source, target }: Edge, operation: Operation, isLive: boolean): string {
  const [from, to] = [nodes[source], nodes[target]];
  const isLong = source === 0 && target === 3;
  const { color, label } = styles[operation];
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const [dx, dy] = [(to.x - from.x) / length, (to.y - from.y) / length];
  const gap = radius + 4;
  const [startX, startY] = isLong ? [from.x, from.y - gap] : [from.x + dx * gap, from.y + dy * gap];
  const [endX, endY] = isLong ? [to.x, to.y - gap] : [to.x - dx * gap, to.y - dy * gap];
  const line =
    path("M", startX, startY) +
    (isLong ? path("C", from.x + 90, 60, to.x - 90, 60, endX, endY) : path("L", endX, endY));
  const [tipX, tipY] = isLong ? [-0.42, 0.9] : [dx, dy];
  const arrow =
    path("M", endX - 9 * tipX - 5 * tipY, endY - 9 * tipY + 5 * tipX) +
    path("L", endX, endY) +
    path("L", endX - 9 * tipX + 5 * tipY, endY - 9 * tipY - 5 * tipX);
  const place = isLong
    ? { x: 450, y: 92, "text-anchor": "middle" }
    : source === 1 && target === 2
      ? { x: 460, y: 249 }
      : { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 + (dy < 0 ? -24 : 32), "text-anchor": "middle" };
  const stroke = {
    stroke: color,
    "stroke-width": operation === "none" ? 1.5 : 3,
    "stroke-dasharray": isLive ? undefined : "5 5",
    fill: "none",
  };
  return element("g", {}, [
    title(
      `${from.label} to ${to.label}: ${label}${isLive || operation === "none" ? "" : ", carries nothing"}`,
    ),
    element("path", { d: line + arrow, ...stroke }),
    text(label, { ...place, fill: isLive ? colors.ink : colors.faint }),
  ]);
}

/** A self-contained SVG, 900 pixels wide. */
export function drawCell(architecture: CellArchitecture): string {
  const { input, classes, cell, cells, channels } = architecture;
  const { parameters, flops } = countCellCost(architecture);
  const pruned = pruneCell(cell);
  const facts = [
    `image ${input.size}×${input.size}×${input.channels}`,
    `${classes} classes`,
    `3 stages of ${cells} ${cells === 1 ? "cell" : "cells"} at ${channels}, ${2 * channels}, ${4 * channels} channels`,
    `${formatCount(parameters)} parameters`,
    `${formatCount(flops)} multiply-adds`,
  ];
  return drawPage({ width: pageWidth, height, title: `NAS-Bench-201 cell ${formatCell(cell)}` }, [
    text("NAS-Bench-201 cell", { x: margin, y: 34, "font-size": 19, "font-weight": 600 }),
    text(facts.join("   ·   "), { x: margin, y: 56, fill: colors.faint }),
    ...cellEdges.map((edge, index) => drawEdge(edge, cell[index], pruned[index] !== "none")),
    ...nodes.map(({ x, y, label }) =>
      element("g", {}, [
        element("circle", { cx: x, cy: y, r: radius, fill: colors.panel, stroke: colors.ink }),
        label.length === 1
          ? text(label, { x, y: y + 4, "text-anchor": "middle" })
          : text(label, { x, y: y + radius + 16, "text-anchor": "middle" }),
      ]),
    ),
  ]);
}
