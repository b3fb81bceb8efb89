/**
 * The library: the verbs of the command line, and the parts they are made of.
 *
 * Long work runs in a thread of its own: `startJob` gives its events and its result.
 */

export {
  architectureSchema,
  architectureVersion,
  blockCount,
  blockLimits,
  checkSpaceSettings,
  cellEdges,
  countCost,
  createSpace,
  formatCell,
  parseCell,
  pruneCell,
  drawArchitecture,
  encode,
  encodeArchitecture,
  encodingChange,
  listSites,
  parseArchitecture,
  perturbArchitecture,
  referenceArchitecture,
  referenceNames,
  sampleArchitecture,
  validateArchitecture,
} from "./arch/index.js";
export type {
  Architecture,
  Block,
  Cell,
  CellArchitecture,
  CellSettings,
  Convolution,
  Cost,
  Encoding,
  Layer,
  MemoryBankArchitecture,
  MemoryBankSettings,
  ReferenceName,
  SearchSpace,
  Site,
  SpaceSettings,
} from "./arch/index.js";
export { findPreset, presetNames, resolveConfig } from "./config/index.js";
export type { ConfigRequest, Preset, RunConfig } from "./config/index.js";
export {
  checkDataset,
  datasetNames,
  defaultDataDir,
  describeDataset,
  fetchDataset,
  listDatasets,
  loadDataset,
} from "./data/index.js";
export type { Dataset, DatasetInfo, ImageSet } from "./data/index.js";
export { SmashError } from "./errors.js";
export type { ErrorCode } from "./errors.js";
export {
  cellNetwork,
  encodeOnnx,
  exportableNetwork,
  exportOnnx,
  exportPage,
  exportSafetensors,
  measureLatency,
  measureQuantization,
  memoryBankNetwork,
} from "./export/index.js";
export type {
  ExportableNetwork,
  Latency,
  LatencyOptions,
  OnnxExport,
  TrainingFacts,
} from "./export/index.js";
export { HyperNet } from "./hypernet/index.js";
export {
  CellNetwork,
  CellSearchNetwork,
  createNetwork,
  createSearchNetwork,
  ResultingNetwork,
  runCells,
  runNetwork,
  SmashNetwork,
} from "./network/index.js";
export type { SearchNetwork, TrainableNetwork } from "./network/index.js";
export { findProxy, proxies, rankArchitectures } from "./rank/index.js";
export type { Proxy } from "./rank/index.js";
export { Random } from "./random.js";
export { formatTrialTable, renderFigures, renderReport } from "./report/index.js";
export { loadTrainedNetwork, startJob, writeReport } from "./run/index.js";
export type { Job, RankResult, RunEvent, SearchResult, TrainResult } from "./run/index.js";
export {
  chooseCandidate,
  drawCandidates,
  paretoFront,
  paretoFronts,
  rankTrials,
  strategies,
} from "./search/index.js";
export type { Candidate, Limits, MoveKind, Pareto, Strategy, Trial } from "./search/index.js";
export { measureAgreement } from "./statistics/index.js";
export type { Agreement } from "./statistics/index.js";
export { RunFolder, TrialStore } from "./store/index.js";
export { parseTable, startStudy, studyNames } from "./study/index.js";
export type { StudyJob, StudyName, StudyRequest, StudyResult } from "./study/index.js";
export { memoryStats, noGrad, resolveDevice, scope, setThreads, Tensor } from "./tensor/index.js";
export { encodingGradient, HyperNetTraining, NetworkTraining } from "./train/index.js";
