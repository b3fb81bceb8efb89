export type { Phase, RunEvent } from "./events.js";
export { startJob } from "./jobs.js";
export type { Job, JobOptions } from "./jobs.js";
export { loadTrainedNetwork } from "./load-network.js";
export type { LoadedNetwork } from "./load-network.js";
export type { RankResult } from "./rank-job.js";
export type { SearchResult } from "./search-job.js";
export type { TrainResult } from "./train-job.js";
export { readRun, writeReport } from "./write-report.js";
