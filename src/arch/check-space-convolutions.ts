/** Whether the convolutions that settings allow can be built, and differ from one another. */

import { maxExtent } from "./convolution-choices.js";
import { rejectSettings } from "./invalid.js";
import type { Activation, CompleteSettings } from "./space.js";

const activations: readonly Activation[] = ["relu", "tanh", "sigmoid"];

function checkKernels(settings: CompleteSettings): void {
  const { kernel, maxKernel, stemKernel } = settings;
  for (const [name, value] of Object.entries({ kernel, stemKernel, maxKernel })) {
    if (value % 2 === 1) continue;
    const rule = `${name} is odd, so that padding keeps the image's size.`;
    rejectSettings(rule, `${name} ${value}.`, `Set ${name} to ${value - 1} or ${value + 1}.`);
  }
  if (maxKernel < kernel) {
    const rule = "maxKernel is the largest kernel size, kernel the smallest.";
    rejectSettings(rule, `kernel ${kernel}, maxKernel ${maxKernel}.`, `Set maxKernel to ${kernel} or more.`);
  }
}

function checkExtents({ kernel, maxKernel, maxDilation }: CompleteSettings): void {
  if (maxKernel === 1 && maxDilation > 1) {
    const rule = "A kernel of one pixel has no dilation: different architectures would be the same network.";
    rejectSettings(rule, `kernel 1, maxDilation ${maxDilation}.`, "Set maxDilation to 1, or kernel to 3.");
  }
  if (maxKernel > kernel && maxKernel > maxExtent) {
    const rule = `A convolution spans at most ${maxExtent} pixels, even without dilation.`;
    rejectSettings(rule, `maxKernel ${maxKernel}.`, `Set maxKernel to ${maxExtent} or less.`);
  }
  // Larger kernels are drawn with fewer dilations; the smallest one that has any must have them all.
  const smallest = kernel === 1 && maxKernel > 1 ? 3 : kernel;
  const extent = maxDilation * (smallest - 1) + 1;
  if (extent > maxExtent) {
    const rule = `A convolution spans at most ${maxExtent} pixels: maxDilation * (kernel - 1) + 1.`;
    const most = Math.floor((maxExtent - 1) / (smallest - 1));
    const fix = most >= 1 ? `Set maxDilation to ${most} or less.` : `Set kernel to ${maxExtent} or less.`;
    rejectSettings(rule, `kernel ${smallest}, maxDilation ${maxDilation}, so ${extent} pixels.`, fix);
  }
}

function checkActivations({ activations: chosen }: CompleteSettings): void {
  const isSet = chosen.length > 0 && new Set(chosen).size === chosen.length;
  if (isSet && chosen.every((name) => activations.includes(name))) return;
  const rule = `activations lists at least one of ${activations.join(", ")}, each once.`;
  rejectSettings(
    rule,
    `${JSON.stringify(chosen)}.`,
    'Set activations to ["relu"], the default, or to a longer list.',
  );
}

/** Throws a SmashError ("config") unless they can. */
export function checkConvolutionSettings(settings: CompleteSettings): void {
  checkKernels(settings);
  checkExtents(settings);
  checkActivations(settings);
  if (settings.gates && settings.convolutions === "single") {
    const rule = "Gates join two paths of convolutions.";
    const found = 'gates true, convolutions "single".';
    rejectSettings(rule, found, 'Set convolutions to "array", or gates to false.');
  }
}
