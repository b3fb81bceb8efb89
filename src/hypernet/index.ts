export { layBricks } from "./bricks.js";
export type { BrickLayout } from "./bricks.js";
export { CellHyperNet } from "./cell-hypernet.js";
export type { CellHyperNetOptions, CellHyperNetSettings } from "./cell-hypernet.js";
export { HyperNet } from "./hypernet.js";
export type { GeneratedSite, HyperNetDimensions, HyperNetOptions, HyperNetOutput } from "./hypernet.js";
export { referenceHyperNet } from "./settings.js";
export type { HyperNetSettings } from "./settings.js";
