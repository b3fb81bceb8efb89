/**
 * Whether a valid architecture lies in a version 1 space, so that this space's HyperNet can generate its weights: the
 * fields the sampler fixes have its values, and banks, slices and units stay within the limits.
 *
 * How likely the sampler is to draw it plays no part; any number of banks may be written, for example.
 */

import type { Architecture, Block, Layer } from "./architecture.js";
import { requireThat } from "./invalid.js";
import { blockCount, blockLimits, bottleneckChannels } from "./space.js";
import type { BlockLimits, SpaceSettings } from "./space.js";

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

function checkLayer(layer: Layer, path: string, settings: SpaceSettings): void {
  const { baseChannels, depthCompression, maxUnits, maxDilation, kernel } = settings;
  requireThat(layer.reads.length % depthCompression === 0, `${path}.reads`, {
    rule: `a layer reads a multiple of ${depthCompression} banks (depthCompression) in this space.`,
    found: `${layer.reads.length} banks.`,
    fix,
  });
  requireAtMost(`${path}.units`, layer.units, { most: maxUnits, of: "units" });
  const bottleneck = bottleneckChannels(settings, layer.reads.length * baseChannels, layer.units);
  requireEqual(`${path}.bottleneck`, layer.bottleneck, bottleneck);
  requireEqual(`${path}.convolutions.length`, layer.convolutions.length, 1);
  const convolution = layer.convolutions[0];
  const at = `${path}.convolutions[0]`;
  requireEqual(`${at}.kernel`, convolution.kernel, [kernel, kernel]);
  const [height, width] = convolution.dilation;
  requireEqual(`${at}.dilation`, convolution.dilation, [height, height]);
  requireAtMost(`${at}.dilation`, width, { most: maxDilation, of: "pixels" });
  requireEqual(`${at}.groups`, convolution.groups, 1);
  requireEqual(`${at}.activation`, convolution.activation, "relu");
  requireEqual(`${path}.gates`, layer.gates, []);
}

interface Expectation {
  readonly settings: SpaceSettings;
  readonly limits: BlockLimits;
}

function checkBlock(block: Block, path: string, { settings, limits }: Expectation): void {
  requireEqual(`${path}.bankChannels`, block.bankChannels, settings.baseChannels);
  requireEqual(`${path}.inputChannels`, block.inputChannels, limits.inputChannels);
  let slices = 0;
  for (const [position, layer] of block.layers.entries()) {
    const at = `${path}.layers[${position}]`;
    checkLayer(layer, at, settings);
    requireAtMost(`${at}.writes`, layer.writes.at(-1)! + 1, { most: limits.maxBanks, of: "banks" });
    slices += layer.reads.length / settings.depthCompression;
  }
  const of = `slices of ${settings.depthCompression} banks read by the layers together`;
  requireAtMost(`${path}.layers`, slices, { most: limits.sliceBudget, of });
}

/** Throws a SmashError ("architecture") unless the architecture, already valid in itself, belongs to the space. */
export function checkMembership(architecture: Architecture, settings: SpaceSettings): void {
  const { input } = settings;
  requireEqual("input.channels", architecture.input.channels, input.channels);
  requireEqual("input.size", architecture.input.size, input.size);
  requireEqual("classes", architecture.classes, settings.classes);
  requireEqual("stem.kernel", architecture.stem.kernel, settings.stemKernel);
  requireEqual("activationOrder", architecture.activationOrder, "pre");
  requireEqual("batchNorm", architecture.batchNorm, "transitions");
  requireEqual("blocks.length", architecture.blocks.length, blockCount);
  for (const [index, limits] of blockLimits(settings).entries()) {
    checkBlock(architecture.blocks[index], `blocks[${index}]`, { settings, limits });
  }
}
