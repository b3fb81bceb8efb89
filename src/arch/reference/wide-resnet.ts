/** A wide residual network (Zagoruyko and Komodakis): four times as wide as the space's ResNet and half as deep. */

import type { Architecture } from "../architecture.js";
import type { SpaceSettings } from "../space.js";
import { resNet } from "./resnet.js";

const widening = 4;

/** The space in which the wide network fits where the other one fits in `settings`. */
export function widenSettings(settings: SpaceSettings): SpaceSettings {
  const { width, stemWidth = width, maxUnits, depth } = settings;
  return {
    ...settings,
    width: width * widening,
    stemWidth: stemWidth * widening,
    maxUnits: maxUnits * widening,
    depth: Math.ceil(depth / 2),
  };
}

export function wideResNet(settings: SpaceSettings): Architecture {
  return resNet(widenSettings(settings));
}
