export { HyperNet } from "./hypernet.js";
export type { HyperNetDimensions, HyperNetOptions, PointwiseShape } from "./hypernet.js";
export { referenceHyperNet } from "./settings.js";
export type { HyperNetSettings } from "./settings.js";
