export { countCost, drawArchitecture, functionKey, parseArchitecture } from "./any-architecture.js";
export type { Architecture } from "./any-architecture.js";
export { architectureVersion, architectureSchema } from "./architecture.js";
export type { MemoryBankArchitecture, Block, Convolution, Layer } from "./architecture.js";
export { checkSpaceSettings } from "./check-space.js";
export { dilationPairs, positionChoices } from "./convolution-choices.js";
export { corruptArchitecture, corruptions } from "./corrupt.js";
export type { Corruption } from "./corrupt.js";
export type { Cost } from "./cost.js";
export { MemoryBankSpace, requireMemoryBanks } from "./memory-bank-space.js";
export { CellSpace } from "./nas-bench-201/cell-space.js";
export { createSpace } from "./create-space.js";
export { encode, encodingChange } from "./encoding-change.js";
export type { Encoding } from "./encoding-change.js";
export { architectureFeatures } from "./features.js";
export type { Features } from "./features.js";
export { encodeArchitecture } from "./encode.js";
export type { EncodedArchitecture, LayerColumns } from "./encode.js";
export { encodingLayout } from "./encoding-layout.js";
export { drawDataFlow } from "./draw-data-flow.js";
export { blockChannels, nonEmptyBanks } from "./memory-banks.js";
export { stageCount } from "./nas-bench-201/cell-architecture.js";
export type { CellArchitecture } from "./nas-bench-201/cell-architecture.js";
export { buildCellArchitecture } from "./nas-bench-201/cell-settings.js";
export type { CellSettings } from "./nas-bench-201/cell-settings.js";
export { encodeCell } from "./nas-bench-201/encode-cell.js";
export { cellSiteName, listCellSites, stageChannels } from "./nas-bench-201/cell-sites.js";
export type {
  CellSite,
  ConvolutionOperation,
  EdgeSite,
  ReductionSite,
  CellHeadSite,
  CellStemSite,
} from "./nas-bench-201/cell-sites.js";
export {
  cellAt,
  cellEdges,
  formatCell,
  operations,
  outputNode,
  parseCell,
  pruneCell,
} from "./nas-bench-201/cell.js";
export type { Cell, Operation, Edge } from "./nas-bench-201/cell.js";
export { perturbArchitecture } from "./perturb.js";
export type { PerturbOptions } from "./perturb.js";
export { sampleArchitecture } from "./sample.js";
export type { SampleOptions } from "./sample.js";
export { reduceArchitecture } from "./reduce.js";
export type { Reduction } from "./reduce.js";
export { referenceArchitecture, referenceNames, referenceTitle } from "./reference/index.js";
export type { ReferenceName } from "./reference/index.js";
export type { SearchSpace, SpaceSettings, TrainingStep } from "./search-space.js";
export { listSites } from "./sites.js";
export type { ConvolutionSite, HeadSite, PointwiseSite, Site, StemSite, TransitionSite } from "./sites.js";
export { blockCount, blockLimits, completeSettings } from "./space.js";
export type { BlockLimits, MemoryBankSettings } from "./space.js";
export { validateArchitecture } from "./validate.js";
export type { DrawOptions } from "./draw.js";
