export { CellHyperNet } from "./cell-hypernet.js";
export type { CellHyperNetSettings } from "./cell-hypernet.js";
export { HyperNet } from "./hypernet.js";
export type { GeneratedSite, HyperNetDimensions, HyperNetOutput } from "./hypernet.js";
export { referenceHyperNet } from "./settings.js";
export type { HyperNetOptions, HyperNetSettings } from "./settings.js";
