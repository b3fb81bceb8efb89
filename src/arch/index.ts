export { architectureVersion, architectureSchema } from "./architecture.js";
export type { Architecture, Block, Convolution, Layer } from "./architecture.js";
export { blockCount, blockLimits } from "./space.js";
export type { BlockLimits, SpaceSettings } from "./space.js";
