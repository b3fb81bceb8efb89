export type {
  FinalistEvent,
  FinalistStepEvent,
  Phase,
  RankEvent,
  RunEvent,
  SurrogateNetworkEvent,
  SurrogateStepEvent,
  TrainEvent,
} from "./events.js";
export { describeMisfit, requireFitting } from "./fitting-data.js";
export { learnSurrogate } from "./learn-surrogate.js";
export { completeExamples, readExamples } from "./surrogate-examples.js";
export { startJob } from "./jobs.js";
export type { Job, JobOptions } from "./jobs.js";
export { requireLatency } from "./latency-meter.js";
export { loadTrainedNetwork, readNetworkFacts } from "./load-network.js";
export type { LoadedNetwork } from "./load-network.js";
export {
  computeType,
  evaluationBatch,
  prepareData,
  prepareEvaluation,
  prepareProxyBatch,
  prepareScoring,
} from "./prepare.js";
export type { RunData, ScoringSetup } from "./prepare.js";
export { quoted } from "./quoted.js";
export { openTrained } from "./rank-job.js";
export type { RankRequest, RankResult } from "./rank-job.js";
export { requireSameData } from "./same-data.js";
export { openTraining, trainHyperNet } from "./search-job.js";
export type { SearchJob, SearchResult } from "./search-job.js";
export { interrupted } from "./stop.js";
export { writeTestDetails } from "./test-details.js";
export { runInThread, serveThread } from "./thread.js";
export type { ThreadContext, ThreadOptions } from "./thread.js";
export type { EvalResult, TestedResult, TrainResult } from "./train-job.js";
export { writeReport } from "./write-report.js";
export type { NetworkFacts, Unfinished } from "./facts.js";
