/** The flag of every command that takes a data set. */

import { Option } from "commander";
import { parseInteger } from "./option-values.js";

export interface ImageSizeFlag {
  /** Undefined: what the help of the flag says. */
  readonly imageSize?: number;
}

const largest = 1024;

/** What gives the size where the flag does not. */
const defaults = {
  run: "the run's, else as published; folder: 32",
  network: "the architecture's, else as published; folder: 32",
  checkpoint: "the network's",
  dataset: "as published; folder: 32",
} as const;

/** For `.addOption(imageSizeOption())`. `of` tells what else the command knows of the size; default: a run. */
export function imageSizeOption({ of = "run" }: { readonly of?: keyof typeof defaults } = {}): Option {
  return new Option(
    "--image-size <pixels>",
    `height = width of the images (default: ${defaults[of]})`,
  ).argParser(parseInteger("--image-size", { min: 4, max: largest }));
}
