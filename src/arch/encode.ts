/**
 * The encoding c of an architecture, the HyperNet's input (SMASH section 3.2).
 *
 * Layers lie one after the other along the length; one column stands for N*D input channels of one layer's 1x1
 * convolution, one row for N of its output units. A bank of several times N channels sets that many read or write bits,
 * so that a bit means the same channels at any bank size. Architectures with the same encoding are the same network.
 * Noise is not part of c: whoever runs the HyperNet adds it.
 */

import type { MemoryBankArchitecture, Layer } from "./architecture.js";
import { groupChoices } from "./convolution-choices.js";
import { encodingLayout } from "./encoding-layout.js";
import type { ChannelRange } from "./encoding-layout.js";
import { range } from "./numbers.js";
import { completeSettings } from "./space.js";
import type { CompleteSettings, MemoryBankSettings } from "./space.js";
import { validateArchitecture } from "./validate.js";

/** Columns `start` … `end - 1` of one layer. */
export interface LayerColumns {
  readonly block: number;
  readonly layer: number;
  readonly start: number;
  readonly end: number;
}

/** An architecture as the HyperNet's input c (SMASH section 3.2). */
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

interface EncodedLayer {
  readonly layer: Layer;
  readonly block: number;
  /** Bank size in units of N. */
  readonly multiple: number;
  /** Units in steps of N. */
  readonly rows: number;
}

/** The bits of banks: every bank is as many as it has N channels. */
function bankBits(banks: readonly number[], multiple: number): number[] {
  return banks.flatMap((bank) => range(bank * multiple, (bank + 1) * multiple - 1));
}

/** What a layer chose, as positions within the channels of this choice; none for a convolution that is not active. */
function chosen(
  { layer, block, multiple, rows }: EncodedLayer,
  { name, position = 0, axis = "height" }: ChannelRange,
  settings: CompleteSettings,
): readonly number[] {
  const convolution = layer.convolutions.find((candidate) => candidate.position === position);
  const side = axis === "height" ? 0 : 1;
  switch (name) {
    case "reads":
      return bankBits(layer.reads, multiple);
    case "writes":
      return bankBits(layer.writes, multiple);
    case "block":
      return [block];
    case "units":
      return [rows - 1];
    case "active":
      return layer.convolutions.map((active) => active.position);
    case "gates":
      return layer.gates;
    case "dilation":
      return convolution ? [convolution.dilation[side] - 1] : [];
    case "kernel":
      return convolution ? [(convolution.kernel[side] - settings.kernel) / 2] : [];
    case "activation":
      return convolution ? [settings.activations.indexOf(convolution.activation)] : [];
    case "groups":
      return convolution ? [groupChoices(settings).indexOf(convolution.groups)] : [];
  }
}

/** Where each layer's columns lie: a layer takes as many as it reads slices of N*D channels. */
function placeLayers(architecture: MemoryBankArchitecture, columnChannels: number): LayerColumns[] {
  let start = 0;
  return architecture.blocks.flatMap(({ layers, bankChannels }, block) =>
    layers.map((layer, index) => {
      const end = start + (layer.reads.length * bankChannels) / columnChannels;
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
export function encodeArchitecture(
  architecture: MemoryBankArchitecture,
  settings: MemoryBankSettings,
): EncodedArchitecture {
  validateArchitecture(architecture, settings);
  const complete = completeSettings(settings);
  const { channels, height, columnChannels, ranges } = encodingLayout(settings);
  const layers = placeLayers(architecture, columnChannels);
  const length = layers.at(-1)!.end;
  const data = new Float32Array(channels * height * length).fill(background);
  for (const { block, layer: index, start, end } of layers) {
    const { layers: own, bankChannels } = architecture.blocks[block];
    const layer = own[index];
    const rows = layer.units / settings.baseChannels;
    const encoded = { layer, block, multiple: bankChannels / settings.baseChannels, rows };
    for (const channelRange of ranges) {
      for (const position of chosen(encoded, channelRange, complete)) {
        for (let row = 0; row < rows; row++) {
          const offset = ((channelRange.start + position) * height + row) * length;
          data.fill(active, offset + start, offset + end);
        }
      }
    }
  }
  return { channels, height, length, data, layers };
}
