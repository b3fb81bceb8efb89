/** The flag of every command that takes a data set. */

import { Option } from "commander";
import { parseInteger } from "./option-values.js";

export interface ImageSizeFlag {
  /** Undefined: the run's, else the published size, 32 for own folders. */
  readonly imageSize?: number;
}

const largest = 1024;

/** For `.addOption(imageSizeOption())`. A command without a run has no size of the run's. */
export function imageSizeOption({ hasRun = true } = {}): Option {
  return new Option(
    "--image-size <pixels>",
    `height = width of the images (default: ${hasRun ? "the run's, else " : ""}as published; folder: 32)`,
  ).argParser(parseInteger("--image-size", { min: 4, max: largest }));
}
