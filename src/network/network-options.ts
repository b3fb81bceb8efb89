/** What every network is made with, whatever its space and its weights. */

import type { Device, DType } from "../tensor/index.js";

/** Where a network lives and what it starts from. */
export interface NetworkOptions {
  /** Of the first weights. */
  readonly seed: number;
  /** Default: `defaultDevice()`. */
  readonly device?: Device;
  /** Of the weights. Default float32. */
  readonly dtype?: DType;
}
