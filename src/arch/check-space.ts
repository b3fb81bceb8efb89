/**
 * Whether a space can be sampled, asked once and up front instead of failing in the middle of training.
 *
 * Sampling always succeeds under these rules: every block's input fills D banks of N channels and its budget is never
 * below its input, so the first layer can read one slice, and every later layer has at least as many banks to choose
 * from. Larger banks are chosen only where the same holds of them.
 */

import { checkImages } from "./check-images.js";
import { checkConvolutionSettings } from "./check-space-convolutions.js";
import { encodingLayout } from "./encoding-layout.js";
import { rejectSettings } from "./invalid.js";
import { blockCount, blockLimits, completeSettings } from "./space.js";
import type { CompleteSettings, MemoryBankSettings } from "./space.js";

/** Largest value of any setting; products of settings then stay exact in a double. */
const maxSetting = 1_000_000;
/** Largest encoding, numbers (256 MB): ten times that of the widest space in the paper. */
const maxEncodingSize = 2 ** 26;

const choices = {
  bankSizes: ["base", "varied"],
  unitSampling: ["uniform", "near-reads"],
  convolutions: ["single", "array"],
  axes: ["square", "separate"],
  gates: [true, false],
  batchNorm: ["transitions", "ops"],
  activationOrder: ["pre", "post"],
} as const;

function checkChoices(settings: CompleteSettings): void {
  for (const name of Object.keys(choices) as (keyof typeof choices)[]) {
    const allowed: readonly unknown[] = choices[name];
    if (allowed.includes(settings[name])) continue;
    const list = allowed.map((value) => JSON.stringify(value)).join(" or ");
    rejectSettings(
      `${name} is ${list}.`,
      `${JSON.stringify(settings[name])}.`,
      `Set ${name} to one of these.`,
    );
  }
}

function checkIntegers(settings: CompleteSettings): void {
  const { input } = settings;
  const values = { ...settings, "input.channels": input.channels, "input.size": input.size };
  for (const [name, value] of Object.entries(values)) {
    if (name in choices || name === "name" || name === "input" || name === "activations") continue;
    const number = value as number;
    if (Number.isInteger(number) && number >= 1 && number <= maxSetting) continue;
    const rule = `The setting ${name} is an integer from 1 to ${maxSetting}.`;
    rejectSettings(rule, `${name} ${number}.`, `Set ${name} to a positive integer.`);
  }
}

function checkUnits({ baseChannels, maxUnits }: CompleteSettings): void {
  if (maxUnits % baseChannels === 0) return;
  const below = Math.floor(maxUnits / baseChannels) * baseChannels;
  const options = below > 0 ? `${below} or ${below + baseChannels}` : `${baseChannels}`;
  const found = `maxUnits ${maxUnits}, baseChannels ${baseChannels}.`;
  rejectSettings("maxUnits is a multiple of baseChannels.", found, `Set maxUnits to ${options}.`);
}

function checkBanks(settings: CompleteSettings): void {
  const { depthCompression, width, stemWidth } = settings;
  const limits = blockLimits(settings);
  if (limits.some(({ inputChannels, maxChannels }) => inputChannels >= maxChannels)) {
    const rule = "Every block has room for more channels than its input.";
    const found = `width ${width}, stemWidth ${stemWidth}, which fills the last block.`;
    rejectSettings(rule, found, `Set stemWidth to ${10 * width - 1} or less.`);
  }
  const banks = Math.min(...limits.map(({ inputBanks }) => inputBanks));
  if (depthCompression > banks) {
    const rule =
      "The first layer of a block reads depthCompression banks, so its input fills at least that many.";
    // Both widths at this value suffice; one that is there already, or that the other follows, is not named.
    const least = Math.ceil(depthCompression / 2);
    const names =
      stemWidth === width
        ? ["width"]
        : (["stemWidth", "width"] as const).filter((name) => settings[name] < least);
    const found = `depthCompression ${depthCompression}, width ${width}, stemWidth ${stemWidth}, so ${banks} input banks.`;
    const fix = `Set depthCompression to ${banks} or less, or ${names.join(" and ")} to ${least} or more.`;
    rejectSettings(rule, found, fix);
  }
}

function checkEncodingSize(settings: CompleteSettings): void {
  const { channels, height } = encodingLayout(settings);
  const length = blockLimits(settings).reduce((sum, limits) => sum + limits.sliceBudget, 0);
  const size = channels * height * length;
  if (size > maxEncodingSize) {
    const rule = `The encoding of the largest architecture has at most ${maxEncodingSize} numbers.`;
    const found = `${channels} channels * ${height} rows * ${length} columns = ${size}.`;
    rejectSettings(rule, found, "Lower width, depth or maxUnits, or raise depthCompression.");
  }
}

/** Throws a SmashError ("config") unless every architecture of the space can be sampled, encoded and built. */
export function checkSpaceSettings(settings: MemoryBankSettings): void {
  const complete = completeSettings(settings);
  checkChoices(complete);
  checkIntegers(complete);
  checkConvolutionSettings(complete);
  checkImages(complete, { count: blockCount, noun: "blocks" });
  checkUnits(complete);
  checkBanks(complete);
  checkEncodingSize(complete);
}
