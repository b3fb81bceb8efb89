/**
 * Whether a space can be sampled, asked once and up front instead of failing in the middle of training.
 *
 * Sampling always succeeds under these rules. For positive integers the first block has the fewest input banks
 * (2 * width), every block has room to grow, and a block's budget is never below its input; so the first layer can read
 * one slice exactly when D banks are there, and every later layer has at least as many to choose from.
 */

import { SmashError } from "../errors.js";
import { encodingLayout } from "./encoding-layout.js";
import { blockCount, blockLimits } from "./space.js";
import type { SpaceSettings } from "./space.js";

/** Largest value of any setting; products of settings then stay exact in a double. */
const maxSetting = 1_000_000;
/** Widest stretch of pixels one convolution may see (SMASH section 5). */
const maxExtent = 9;
/** Largest encoding, numbers (256 MB): ten times that of the widest space in the paper. */
const maxEncodingSize = 2 ** 26;

function reject(rule: string, found: string, fix: string): never {
  throw new SmashError("config", { rule, found, fix });
}

function checkIntegers(settings: SpaceSettings): void {
  const { input, ...scalars } = settings;
  const values = { ...scalars, "input.channels": input.channels, "input.size": input.size };
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === "string") continue; // the space's name
    if (Number.isInteger(value) && value >= 1 && value <= maxSetting) continue;
    const rule = `The setting ${name} is an integer from 1 to ${maxSetting}.`;
    reject(rule, `${name} ${value}.`, `Set ${name} to a positive integer.`);
  }
}

function checkConvolutions(settings: SpaceSettings): void {
  const { kernel, maxDilation, stemKernel } = settings;
  for (const [name, value] of Object.entries({ kernel, stemKernel })) {
    if (value % 2 === 1) continue;
    const rule = `${name} is odd, so that padding keeps the image's size.`;
    reject(rule, `${name} ${value}.`, `Set ${name} to ${value - 1} or ${value + 1}.`);
  }
  if (kernel === 1 && maxDilation > 1) {
    const rule = "A kernel of one pixel has no dilation: different architectures would be the same network.";
    reject(rule, `kernel 1, maxDilation ${maxDilation}.`, "Set maxDilation to 1, or kernel to 3.");
  }
  const extent = maxDilation * (kernel - 1) + 1;
  if (extent > maxExtent) {
    const rule = `A convolution spans at most ${maxExtent} pixels: maxDilation * (kernel - 1) + 1.`;
    const most = Math.floor((maxExtent - 1) / (kernel - 1));
    const fix = most >= 1 ? `Set maxDilation to ${most} or less.` : `Set kernel to ${maxExtent} or less.`;
    reject(rule, `kernel ${kernel}, maxDilation ${maxDilation}, so ${extent} pixels.`, fix);
  }
}

function checkChannels(settings: SpaceSettings): void {
  const { baseChannels, maxUnits, depthCompression, width } = settings;
  if (maxUnits % baseChannels !== 0) {
    const below = Math.floor(maxUnits / baseChannels) * baseChannels;
    const choices = below > 0 ? `${below} or ${below + baseChannels}` : `${baseChannels}`;
    const found = `maxUnits ${maxUnits}, baseChannels ${baseChannels}.`;
    reject("maxUnits is a multiple of baseChannels.", found, `Set maxUnits to ${choices}.`);
  }
  const banks = Math.min(...blockLimits(settings).map((limits) => limits.inputBanks));
  if (depthCompression > banks) {
    const rule =
      "The first layer of a block reads depthCompression banks, so its input fills at least that many.";
    const found = `depthCompression ${depthCompression}, width ${width}, so ${banks} input banks (2 * width).`;
    const fix = `Set depthCompression to ${banks} or less, or width to ${Math.ceil(depthCompression / 2)} or more.`;
    reject(rule, found, fix);
  }
}

function checkEncodingSize(settings: SpaceSettings): void {
  const { channels, height } = encodingLayout(settings);
  const length = blockLimits(settings).reduce((sum, limits) => sum + limits.sliceBudget, 0);
  const size = channels * height * length;
  if (size > maxEncodingSize) {
    const rule = `The encoding of the largest architecture has at most ${maxEncodingSize} numbers.`;
    const found = `${channels} channels * ${height} rows * ${length} columns = ${size}.`;
    reject(rule, found, "Lower width, depth or maxUnits, or raise depthCompression.");
  }
}

/** Throws a SmashError ("config") unless every architecture of the space can be sampled, encoded and built. */
export function checkSpaceSettings(settings: SpaceSettings): void {
  checkIntegers(settings);
  checkConvolutions(settings);
  const { classes, input } = settings;
  if (classes < 2) {
    reject(
      "A classifier tells at least 2 classes apart.",
      `classes ${classes}.`,
      "Set classes to 2 or more.",
    );
  }
  const step = 2 ** (blockCount - 1);
  if (input.size % step !== 0) {
    const rule = `input.size is a multiple of ${step}: ${blockCount} blocks, each at half the size of the last.`;
    const fix = `Resize or pad the images to ${Math.ceil(input.size / step) * step} pixels.`;
    reject(rule, `input.size ${input.size}.`, fix);
  }
  checkChannels(settings);
  checkEncodingSize(settings);
}
