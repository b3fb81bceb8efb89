/**
 * An architecture as a picture of its data flow, top to bottom: operations are boxes, sums are circles, and a line is
 * the broader the more channels it carries.
 *
 * A self-contained SVG without scripts, ids or outside fonts. A graph too large to be read is not drawn.
 */

import type { Architecture } from "./any-architecture.js";
import { traceDataFlow, type FlowEdge, type FlowNode } from "./data-flow.js";
import { colors, drawPage } from "./draw-theme.js";
import { placeGraph, type Box, type Point } from "./place-graph.js";
import { element, path, text, title } from "./svg.js";

/** Beyond this a picture is a tangle, and placing it takes seconds. */
const mostEdges = 400;

const sumRadius = 9;
const lineHeight = 15;
const fontSizes = { name: 12.5, step: 11.5 } as const;
/** A character's width at these sizes, generous, so that no text leaves its box. */
const characterWidths = { name: 8.2, step: 6.6 } as const;

const styles: Readonly<Record<FlowNode["kind"], { readonly fill: string; readonly stroke: string }>> = {
  image: { fill: colors.paper, stroke: colors.rail },
  stem: { fill: colors.stripe, stroke: colors.rail },
  layer: { fill: colors.panel, stroke: colors.read },
  sum: { fill: colors.paper, stroke: colors.write },
  transition: { fill: colors.stripe, stroke: colors.rail },
  head: { fill: colors.stripe, stroke: colors.rail },
};

/** Undefined for a cell, whose own drawing is its graph, and for a graph too large to be read. */
export async function drawDataFlow(architecture: Architecture): Promise<string | undefined> {
  if (architecture.space !== "memory-banks") return undefined;
  const { nodes, edges } = traceDataFlow(architecture);
  if (edges.length > mostEdges) return undefined;
  const boxes = new Map(nodes.map((node) => [node.id, boxOf(node)]));
  const placed = await placeGraph(boxes, edges);
  const [width, height] = [Math.ceil(placed.width), Math.ceil(placed.height)];
  const layers = nodes.filter(({ kind }) => kind === "layer").length;
  const page = { width, height, title: `Data flow of an architecture with ${layers} layers` };
  return drawPage({ ...page, fontSize: fontSizes.step }, [
    ...edges.map((edge, index) => drawEdge(edge, placed.edges[index])),
    ...nodes.map((node) => drawNode(node, placed.nodes.get(node.id)!, boxes.get(node.id)!)),
  ]);
}

function boxOf({ kind, name, steps }: FlowNode): Box {
  if (kind === "sum") return { width: 2 * sumRadius, height: 2 * sumRadius };
  const longest = Math.max(
    name.length * characterWidths.name,
    ...steps.map((step) => step.length * characterWidths.step),
  );
  return { width: longest + 20, height: (1 + steps.length) * lineHeight + 12 };
}

function drawNode({ kind, name, steps }: FlowNode, { x, y }: Point, { width, height }: Box): string {
  const style = { ...styles[kind], "stroke-width": 1.25 };
  if (kind === "sum") {
    const arm = sumRadius / 2;
    const cross = path("M", x - arm, y) + path("H", x + arm) + path("M", x, y - arm) + path("V", y + arm);
    return element("g", {}, [
      element("circle", { cx: x, cy: y, r: sumRadius, ...style }),
      element("path", { d: cross, stroke: colors.write, "stroke-width": 1.5 }),
    ]);
  }
  const [left, top] = [x - width / 2, y - height / 2];
  return element("g", { "text-anchor": "middle" }, [
    element("rect", { x: left, y: top, width, height, rx: 6, ...style }),
    text(name, { x, y: top + lineHeight + 2, "font-size": fontSizes.name, "font-weight": 600 }),
    ...steps.map((step, index) => text(step, { x, y: top + (index + 2) * lineHeight + 2 })),
  ]);
}

/** A smooth line through the middles between the points given, with an arrow's head at its end. */
function drawEdge({ channels }: FlowEdge, points: readonly Point[]): string {
  const end = points.at(-1)!;
  const before = points.at(-2)!;
  const length = Math.hypot(end.x - before.x, end.y - before.y) || 1;
  const [dx, dy] = [(5 * (end.x - before.x)) / length, (5 * (end.y - before.y)) / length];
  const middles = points.slice(1, -2).map((point, index) => {
    const next = points[index + 2];
    return path("Q", point.x, point.y, (point.x + next.x) / 2, (point.y + next.y) / 2);
  });
  const last = points.length > 2 ? path("Q", before.x, before.y, end.x, end.y) : path("L", end.x, end.y);
  const head =
    path("M", end.x - 1.2 * dx - 0.7 * dy, end.y - 1.2 * dy + 0.7 * dx) +
    path("L", end.x, end.y) +
    path("L", end.x - 1.2 * dx + 0.7 * dy, end.y - 1.2 * dy - 0.7 * dx);
  const stroke = { stroke: colors.rail, fill: "none", "stroke-linecap": "round" };
  const line = path("M", points[0].x, points[0].y) + middles.join("") + last;
  return element("g", {}, [
    ...(channels > 0 ? [title(`${channels} channels`)] : []),
    element("path", { ...stroke, d: line, "stroke-width": Math.min(4, 0.8 + Math.sqrt(channels) / 6) }),
    element("path", { ...stroke, d: head, "stroke-width": 1.3 }),
  ]);
}
