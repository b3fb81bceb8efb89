/**
 * Whether a valid architecture lies in a space, so that this space's HyperNet can generate its weights: the fields the
 * sampler fixes have its values, those it draws one of its options, and banks, slices and units stay within the limits.
 *
 * How likely the sampler is to draw it plays no part; any number of banks may be written, for example.
 */

import type { MemoryBankArchitecture, Block, Convolution, Layer } from "./architecture.js";
import { bankChoices, slicesRead } from "./bank-sizes.js";
import type { BlockBanks } from "./bank-sizes.js";
import {
  dilationChoices,
  gateChoices,
  groupChoices,
  kernelChoices,
  positionChoices,
} from "./convolution-choices.js";
import { requireThat } from "./invalid.js";
import { blockCount, blockLimits, bottleneckChannels, completeSettings } from "./space.js";
import type { BlockLimits, CompleteSettings, MemoryBankSettings } from "./space.js";

const fix = "Use the settings this architecture was made with, or change it to fit these.";

/** Compares plain JSON values. */
function requireEqual(path: string, found: unknown, expected: unknown): void {
  const [foundText, expectedText] = [JSON.stringify(found), JSON.stringify(expected)];
  requireThat(foundText === expectedText, path, {
    rule: `is ${expectedText} in this space.`,
    found: `${foundText}.`,
    fix,
  });
}

function requireOneOf(path: string, found: unknown, options: readonly unknown[]): void {
  requireThat(options.includes(found), path, {
    rule: `is ${options.map((option) => JSON.stringify(option)).join(" or ")} in this space.`,
    found: `${JSON.stringify(found)}.`,
    fix,
  });
}

function requireAtMost(
  path: string,
  found: number,
  limit: { readonly most: number; readonly of: string },
): void {
  requireThat(found <= limit.most, path, {
    rule: `at most ${limit.most} ${limit.of} in this space.`,
    found: `${found}.`,
    fix,
  });
}

function checkConvolution(convolution: Convolution, path: string, settings: CompleteSettings): void {
  const { position, kernel, dilation, groups, activation } = convolution;
  requireOneOf(`${path}.position`, position, positionChoices(settings));
  if (settings.axes === "square") {
    requireEqual(`${path}.kernel`, kernel, [kernel[0], kernel[0]]);
    requireEqual(`${path}.dilation`, dilation, [dilation[0], dilation[0]]);
  }
  for (const [side, size] of kernel.entries()) {
    requireOneOf(`${path}.kernel[${side}]`, size, kernelChoices(settings));
    const most = dilationChoices(settings, size).at(-1)!;
    requireAtMost(`${path}.dilation`, dilation[side], { most, of: `pixels for a kernel of ${size}` });
  }
  requireOneOf(`${path}.groups`, groups, groupChoices(settings));
  requireOneOf(`${path}.activation`, activation, settings.activations);
}

interface Expectation {
  readonly settings: CompleteSettings;
  readonly limits: BlockLimits;
}

function checkLayer(layer: Layer, path: string, settings: CompleteSettings, banks: BlockBanks): void {
  const { readBanks, bankChannels, maxBanks } = banks;
  requireThat(layer.reads.length % readBanks === 0, `${path}.reads`, {
    rule: `a layer reads a multiple of ${readBanks} banks of ${bankChannels} channels (whole columns of the encoding) in this space.`,
    found: `${layer.reads.length} banks.`,
    fix,
  });
  requireAtMost(`${path}.units`, layer.units, { most: settings.maxUnits, of: "units" });
  const bottleneck = bottleneckChannels(settings, layer.reads.length * bankChannels, layer.units);
  requireEqual(`${path}.bottleneck`, layer.bottleneck, bottleneck);
  for (const [index, convolution] of layer.convolutions.entries()) {
    checkConvolution(convolution, `${path}.convolutions[${index}]`, settings);
  }
  const junctions = gateChoices(
    settings,
    layer.convolutions.map(({ position }) => position),
  );
  if (junctions.length === 0) requireEqual(`${path}.gates`, layer.gates, []);
  for (const gate of layer.gates) requireOneOf(`${path}.gates`, gate, junctions);
  requireAtMost(`${path}.writes`, layer.writes.at(-1)! + 1, { most: maxBanks, of: "banks" });
}

function checkBlock(block: Block, path: string, { settings, limits }: Expectation): void {
  requireEqual(`${path}.inputChannels`, block.inputChannels, limits.inputChannels);
  const choices = bankChoices(settings, limits, { slices: limits.sliceBudget });
  requireOneOf(
    `${path}.bankChannels`,
    block.bankChannels,
    choices.map(({ bankChannels }) => bankChannels),
  );
  const banks = choices.find(({ bankChannels }) => bankChannels === block.bankChannels)!;
  let slices = 0;
  for (const [position, layer] of block.layers.entries()) {
    checkLayer(layer, `${path}.layers[${position}]`, settings, banks);
    slices += slicesRead(layer, banks);
  }
  const columnChannels = settings.depthCompression * settings.baseChannels;
  const of = `slices of ${columnChannels} channels read by the layers together`;
  requireAtMost(`${path}.layers`, slices, { most: limits.sliceBudget, of });
}

/** Throws a SmashError ("architecture") unless the architecture, already valid in itself, belongs to the space. */
export function checkMembership(architecture: MemoryBankArchitecture, settings: MemoryBankSettings): void {
  const complete = completeSettings(settings);
  const { input } = complete;
  requireEqual("input.channels", architecture.input.channels, input.channels);
  requireEqual("input.size", architecture.input.size, input.size);
  requireEqual("classes", architecture.classes, complete.classes);
  requireEqual("stem.kernel", architecture.stem.kernel, complete.stemKernel);
  requireEqual("activationOrder", architecture.activationOrder, complete.activationOrder);
  requireEqual("batchNorm", architecture.batchNorm, complete.batchNorm);
  requireEqual("blocks.length", architecture.blocks.length, blockCount);
  for (const [index, limits] of blockLimits(complete).entries()) {
    checkBlock(architecture.blocks[index], `blocks[${index}]`, { settings: complete, limits });
  }
}
