/** What every space asks of images and classes. */

import { rejectSettings } from "./invalid.js";

interface Images {
  readonly input: { readonly size: number };
  readonly classes: number;
}

/** `stages`: parts of the network, each at half the size of the last, 3 "blocks", say. Throws a SmashError ("config"). */
export function checkImages(
  { input, classes }: Images,
  stages: { readonly count: number; readonly noun: string },
): void {
  if (!Number.isInteger(classes) || classes < 2) {
    const rule = "A classifier tells at least 2 classes apart.";
    rejectSettings(rule, `classes ${classes}.`, "Set classes to 2 or more.");
  }
  const step = 2 ** (stages.count - 1);
  if (input.size % step === 0) return;
  const rule = `input.size is a multiple of ${step}: ${stages.count} ${stages.noun}, each at half the size of the last.`;
  const fix = `Use --image-size ${Math.ceil(input.size / step) * step}, which scales the images.`;
  rejectSettings(rule, `input.size ${input.size}.`, fix);
}
