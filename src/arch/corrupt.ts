/**
 * A wrong description of an architecture, of the same shape: what a HyperNet is told when it is asked whether it listens
 * to the encoding at all (SMASH section 5.1, where dilations are shuffled).
 */

import { SmashError } from "../errors.js";
import type { Random } from "../random.js";
import type { Architecture } from "./any-architecture.js";
import { cellEdges, formatCell, operations, pruneCell, type Cell } from "./nas-bench-201/cell.js";
import type { SpaceSettings } from "./search-space.js";

/**
 * Another architecture whose encoding has the shape of this one's: any other cell, or the same layers with every dilation
 * drawn again among the others.
 */
export function corruptArchitecture(
  architecture: Architecture,
  settings: SpaceSettings,
  random: Random,
): Architecture {
  if (architecture.space === "nas-bench-201") {
    return { ...architecture, cell: drawOther(architecture.cell, random) };
  }
  const most = settings.name === "nas-bench-201" ? 1 : settings.maxDilation;
  if (most < 2) {
    throw new SmashError("config", {
      rule: "A corrupted encoding has other dilations.",
      found: `maxDilation ${most}.`,
      fix: "use a space with space.maxDilation of 2 or more.",
    });
  }
  const redraw = (dilation: number) => ((dilation - 1 + random.integer(1, most - 1)) % most) + 1;
  return {
    ...architecture,
    blocks: architecture.blocks.map((block) => ({
      ...block,
      layers: block.layers.map((layer) => ({
        ...layer,
        convolutions: layer.convolutions.map((convolution) => {
          const dilation = redraw(convolution.dilation[0]);
          return { ...convolution, dilation: [dilation, dilation] as const };
        }),
      })),
    })),
  };
}

/** A cell that is described otherwise: dead edges play no part in a description. */
function drawOther(cell: Cell, random: Random): Cell {
  const own = formatCell(pruneCell(cell));
  for (;;) {
    const other = cellEdges.map(() => random.choice(operations));
    if (formatCell(pruneCell(other)) !== own) return other;
  }
}
