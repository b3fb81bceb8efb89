/**
 * What all drawings share: measures, colours and the page. Okabe-Ito blue and vermilion stay apart for all readers.
 */

import { element, title } from "./svg.js";

export const pageWidth = 900;
export const margin = 24;

export const colors = {
  paper: "#ffffff",
  panel: "#f7f8fa",
  stripe: "#eef1f4",
  edge: "#d9dee5",
  ink: "#1f2933",
  faint: "#6b7683",
  bank: "#cfd6df",
  emptyBank: "#e3e7ec",
  rail: "#8792a0",
  read: "#0072b2",
  write: "#d55e00",
} as const;

interface Page {
  readonly width: number;
  readonly height: number;
  /** What a screen reader calls it. */
  readonly title: string;
  /** Default 12, pixels. */
  readonly fontSize?: number;
}

/** A whole SVG document: `children` on paper, without scripts, ids or outside fonts. */
export function drawPage(page: Page, children: readonly string[]): string {
  const { width, height, fontSize = 12 } = page;
  const attributes = {
    xmlns: "http://www.w3.org/2000/svg",
    width,
    height,
    viewBox: `0 0 ${width} ${Math.ceil(height)}`,
    role: "img",
    "font-family": "system-ui, 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', sans-serif",
    "font-size": fontSize,
    fill: colors.ink,
  };
  const paper = element("rect", { width, height, fill: colors.paper });
  return element("svg", attributes, [title(page.title), paper, ...children]);
}
