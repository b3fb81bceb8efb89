/** A wide residual network (Zagoruyko and Komodakis): four times as wide as the space's ResNet and half as deep. */

import type { MemoryBankArchitecture } from "../architecture.js";
import type { MemoryBankSettings } from "../space.js";
import { resNet } from "./resnet.js";

const widening = 4;

/** The space in which the wide network fits where the other one fits in `settings`. */
export function widenSettings(settings: MemoryBankSettings): MemoryBankSettings {
  const { width, stemWidth = width, maxUnits, depth } = settings;
  return {
    ...settings,
    width: width * widening,
    stemWidth: stemWidth * widening,
    maxUnits: maxUnits * widening,
    depth: Math.ceil(depth / 2),
  };
}

export function wideResNet(settings: MemoryBankSettings): MemoryBankArchitecture {
  return resNet(widenSettings(settings));
}
