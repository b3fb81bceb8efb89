export { CellNetwork } from "./cell-network.js";
export type { CellNetworkOptions } from "./cell-network.js";
export { CellSearchNetwork } from "./cell-search-network.js";
export type { CellSearchNetworkOptions } from "./cell-search-network.js";
export { countLearned } from "./count-learned.js";
export type { LearnedParameters } from "./count-learned.js";
export { createNetwork, createSearchNetwork } from "./create-network.js";
export type { SearchSettings } from "./create-network.js";
export type { NetworkOptions } from "./network-options.js";
export { FreeWeights } from "./free-weights.js";
export { ResultingNetwork, siteName } from "./resulting-network.js";
export type { ResultingNetworkOptions } from "./resulting-network.js";
export { runNetwork } from "./run-network.js";
export type { RunOptions } from "./run-network.js";
export { runCells } from "./run-cells.js";
export type {
  Forward,
  ForwardOptions,
  GenerateOptions,
  SearchNetwork,
  HasParameters,
} from "./search-network.js";
export { SmashNetwork } from "./smash-network.js";
export type { SmashNetworkOptions } from "./smash-network.js";
export {
  batchStatistics,
  RecalibratedStatistics,
  runningStatistics,
  trainingStatistics,
} from "./statistics.js";
export type { BatchNormMode, BatchNormStatistics, RunningStatistics, StatisticsUse } from "./statistics.js";
export type { StochasticDepth } from "./stochastic-depth.js";
export type { TrainableNetwork } from "./trainable-network.js";
export type { SiteWeights, WeightSource } from "./weight-source.js";
export type { SiteShape, SiteTensors } from "./site-tensors.js";
export type { CellRunOptions } from "./run-cells.js";
