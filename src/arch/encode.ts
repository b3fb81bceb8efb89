/**
 * The encoding c of an architecture, the HyperNet's input (SMASH section 3.3).
 *
 * Layers lie one after the other along the length; one column stands for N*D input channels of one layer's 1x1
 * convolution, one row for N of its output units. Different architectures of a space have different encodings. Noise is
 * not part of c: whoever runs the HyperNet adds it.
 */

import type { Architecture, Layer } from "./architecture.js";
import { encodingLayout } from "./encoding-layout.js";
import type { EncodedChoice } from "./encoding-layout.js";
import type { SpaceSettings } from "./space.js";
import { validateArchitecture } from "./validate.js";

/** Columns `start` … `end - 1` of one layer. */
export interface LayerColumns {
  readonly block: number;
  readonly layer: number;
  readonly start: number;
  readonly end: number;
}

export interface EncodedArchitecture {
  /** C */
  readonly channels: number;
  /** k */
  readonly height: number;
  /** L: columns of all layers together. */
  readonly length: number;
  /** [C, k, L] row-major; +1 where a choice was made, -1 elsewhere. */
  readonly data: Float32Array;
  readonly layers: readonly LayerColumns[];
}

const background = -1;
const active = 1;

/** What a layer chose, as positions within the channels of each choice. */
function layerChoices(layer: Layer, block: number, rows: number): Record<EncodedChoice, readonly number[]> {
  return {
    reads: layer.reads,
    writes: layer.writes,
    block: [block],
    units: [rows - 1],
    dilation: [layer.convolutions[0].dilation[0] - 1],
  };
}

/** Where each layer's columns lie: a layer takes as many as it reads slices of N*D channels. */
function placeLayers(architecture: Architecture, depthCompression: number): LayerColumns[] {
  let start = 0;
  return architecture.blocks.flatMap(({ layers }, block) =>
    layers.map((layer, index) => {
      const end = start + layer.reads.length / depthCompression;
      const columns = { block, layer: index, start, end };
      start = end;
      return columns;
    }),
  );
}

/**
 * Encodes an architecture of this space as [C, k, L]; only the first units/N rows of a layer's columns are filled.
 * Throws a SmashError ("architecture") for an architecture of another space.
 */
export function encodeArchitecture(architecture: Architecture, settings: SpaceSettings): EncodedArchitecture {
  validateArchitecture(architecture, settings);
  const { channels, height, ranges } = encodingLayout(settings);
  const layers = placeLayers(architecture, settings.depthCompression);
  const length = layers.at(-1)!.end;
  const data = new Float32Array(channels * height * length).fill(background);
  for (const { block, layer: index, start, end } of layers) {
    const layer = architecture.blocks[block].layers[index];
    const rows = layer.units / settings.baseChannels;
    const choices = layerChoices(layer, block, rows);
    for (const range of ranges) {
      for (const position of choices[range.name]) {
        for (let row = 0; row < rows; row++) {
          const offset = ((range.start + position) * height + row) * length;
          data.fill(active, offset + start, offset + end);
        }
      }
    }
  }
  return { channels, height, length, data, layers };
}
