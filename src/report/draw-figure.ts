/**
 * A planned figure drawn as an SVG string. Vega measures text by its own tables when there is no canvas, so the same
 * plan gives the same bytes on every machine.
 *
 * Vega takes about a second to load, so it is imported at the first drawing: a command that draws nothing stays fast.
 */

import type { TopLevelSpec } from "vega-lite";
import { figureConfig, figureSize } from "./figure-theme.js";
import { escapeHtml } from "./html-markup.js";

export type FigureSpec = TopLevelSpec;

/** A figure before it is drawn: Vega-Lite marks and encodings without size or theme. */
export interface FigurePlan {
  /** File name without its ending. */
  readonly name: string;
  readonly title: string;
  /** What to see in it, in full sentences. */
  readonly caption: string;
  readonly spec: FigureSpec;
  /** Pixels, where rows would not fit in what all figures have. */
  readonly height?: number;
}

/** A drawn figure: a stand-alone SVG document and what is said about it. */
export interface Figure {
  readonly name: string;
  readonly title: string;
  readonly caption: string;
  readonly svg: string;
}

export async function drawFigure(plan: FigurePlan): Promise<Figure> {
  const [vega, vegaLite] = await Promise.all([import("vega"), import("vega-lite")]);
  const sized = {
    ...plan.spec,
    ...figureSize,
    ...(plan.height !== undefined && { height: plan.height }),
    autosize: { type: "fit", contains: "padding" },
  } as FigureSpec;
  const { spec } = vegaLite.compile(sized, { config: figureConfig });
  const view = new vega.View(vega.parse(spec), { renderer: "none", logLevel: vega.Error });
  try {
    // A first layout does not know how wide labels get whose number depends on the height.
    await view.runAsync();
    view.resize();
    const { name, title, caption } = plan;
    return { name, title, caption, svg: labelled(await view.toSVG(), plan) };
  } finally {
    view.finalize();
  }
}

/** Gives the picture a name and a description for screen readers. */
function labelled(svg: string, { title, caption }: FigurePlan): string {
  const name = escapeHtml(title);
  return svg.replace(
    /^<svg([^>]*)>/,
    (_, attributes: string) =>
      `<svg${attributes} role="img" aria-label="${name}"><title>${name}</title><desc>${escapeHtml(caption)}</desc>`,
  );
}
