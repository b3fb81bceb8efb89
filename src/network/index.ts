export { FreeWeights } from "./free-weights.js";
export type { FreeWeightsOptions } from "./free-weights.js";
export { ResultingNetwork, siteName } from "./resulting-network.js";
export type { ResultingNetworkOptions } from "./resulting-network.js";
export { runNetwork } from "./run-network.js";
export type { RunOptions } from "./run-network.js";
export { SmashNetwork } from "./smash-network.js";
export type { GenerateOptions, SmashNetworkOptions } from "./smash-network.js";
export {
  batchStatistics,
  RecalibratedStatistics,
  runningStatistics,
  trainingStatistics,
} from "./statistics.js";
export type { BatchNormMode, BatchNormStatistics, RunningStatistics, StatisticsUse } from "./statistics.js";
export type { WeightSource } from "./weight-source.js";
