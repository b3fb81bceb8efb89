/**
 * The library: the verbs of the command line, and the parts they are made of.
 *
 * Long work runs in a thread of its own: `startJob` gives its events and its result. Begin with `loadDataset`,
 * `resolveConfig` and `startJob`; `examples/` shows them in use.
 *
 * @module
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
  BlockLimits,
  Cell,
  CellArchitecture,
  CellHeadSite,
  CellSettings,
  CellSite,
  CellSpace,
  CellStemSite,
  Convolution,
  ConvolutionOperation,
  ConvolutionSite,
  Cost,
  Encoding,
  DrawOptions,
  Edge,
  EdgeSite,
  EncodedArchitecture,
  HeadSite,
  Layer,
  LayerColumns,
  MemoryBankArchitecture,
  MemoryBankSettings,
  MemoryBankSpace,
  Operation,
  PerturbOptions,
  PointwiseSite,
  ReductionSite,
  ReferenceName,
  SampleOptions,
  SearchSpace,
  Site,
  SpaceSettings,
  StemSite,
  TrainingStep,
  TransitionSite,
} from "./arch/index.js";
export { findPreset, presetNames, resolveConfig } from "./config/index.js";
export type {
  ConfigRequest,
  Preset,
  PresetSettings,
  RunConfig,
  RunSettings,
  SearchChoice,
  SpaceChoice,
} from "./config/index.js";
export {
  checkDataset,
  datasetNames,
  defaultDataDir,
  describeDataset,
  fetchDataset,
  listDatasets,
  loadDataset,
} from "./data/index.js";
export type {
  Augmentation,
  ChannelStatistics,
  DataFolder,
  Dataset,
  DatasetInfo,
  DatasetStatus,
  FetchEvent,
  ImageSet,
  PackRequest,
  RandAugment,
} from "./data/index.js";
export { SmashError } from "./errors.js";
export type { ErrorCode, ErrorDetails } from "./errors.js";
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
  OnnxExportOptions,
  OnnxOptions,
  PageExport,
  PageExportOptions,
  QuantizationCost,
  SafetensorsExport,
  TrainingFacts,
} from "./export/index.js";
export { HyperNet } from "./hypernet/index.js";
export type {
  CellHyperNet,
  CellHyperNetSettings,
  GeneratedSite,
  HyperNetDimensions,
  HyperNetOptions,
  HyperNetOutput,
  HyperNetSettings,
} from "./hypernet/index.js";
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
export type {
  BatchNormMode,
  BatchNormStatistics,
  CellNetworkOptions,
  CellRunOptions,
  CellSearchNetworkOptions,
  Forward,
  ForwardOptions,
  FreeWeights,
  GenerateOptions,
  HasParameters,
  LearnedParameters,
  NetworkOptions,
  ResultingNetworkOptions,
  RunningStatistics,
  RunOptions,
  SearchNetwork,
  SearchSettings,
  SiteShape,
  SiteTensors,
  SiteWeights,
  SmashNetworkOptions,
  StatisticsUse,
  StochasticDepth,
  TrainableNetwork,
  WeightSource,
} from "./network/index.js";
export { findProxy, fineTuneTrial, listUntuned, proxies, rankArchitectures } from "./rank/index.js";
export type { FineTunedEvent, Proxy, ProxyData, ProxyName, RankOptions, TrialEvent } from "./rank/index.js";
export { Random } from "./random.js";
export type { StreamName } from "./random.js";
export { formatTrialTable, renderFigures, renderReport } from "./report/index.js";
export type {
  EpochPoint,
  Figure,
  MistakeImage,
  ReportData,
  RunStatus,
  StepPoint,
  TableOptions,
  TestDetails,
  TrainedNetwork,
} from "./report/index.js";
export { loadTrainedNetwork, openTrained, startJob, writeReport, writeTestDetails } from "./run/index.js";
export type {
  EvalResult,
  Job,
  JobOptions,
  LoadedNetwork,
  NetworkFacts,
  Phase,
  RankRequest,
  RankResult,
  RunData,
  FinalistEvent,
  FinalistStepEvent,
  RankEvent,
  RunEvent,
  TrainEvent,
  SearchJob,
  SearchResult,
  TestedResult,
  ThreadOptions,
  TrainResult,
  Unfinished,
} from "./run/index.js";
export {
  chooseCandidate,
  drawCandidates,
  moveKinds,
  paretoFront,
  paretoFronts,
  rankingMeasures,
  rankTrials,
  strategies,
  trialOrigins,
} from "./search/index.js";
export type {
  Candidate,
  CandidateOptions,
  CostName,
  FrontTrial,
  Limits,
  MoveKind,
  Pareto,
  RankedBy,
  ScoredCost,
  ScoredTrial,
  SearchContext,
  SearchCounts,
  Proposal,
  Strategy,
  Trial,
  TrialOrigin,
} from "./search/index.js";
export { measureAgreement } from "./statistics/index.js";
export type {
  Agreement,
  AgreementOptions,
  Estimate,
  HalfAgreement,
  Interval,
  Numbers,
} from "./statistics/index.js";
export { RunFolder, TrialStore } from "./store/index.js";
export type { Versions } from "./store/index.js";
export { parseTable, readTrainedTruths, startStudy, studyNames } from "./study/index.js";
export type {
  Combined,
  Contrast,
  CorruptionEffect,
  HyperNetSummary,
  KindOfMove,
  MoveComparison,
  StudyEvent,
  StudyJob,
  StudyName,
  StudyRequest,
  StudyResult,
  TrainedTruths,
  TableRow,
} from "./study/index.js";
export { memoryStats, noGrad, resolveDevice, scope, setThreads, Tensor } from "./tensor/index.js";
export type {
  AffineBatchNorm,
  BatchNormOptions,
  DType,
  MemoryStats,
  ReduceOptions,
  Shape,
  TypedArray,
} from "./tensor/index.js";
export { encodingGradient, HyperNetTraining, NetworkTraining } from "./train/index.js";
export type {
  BatchTensors,
  BestEpoch,
  EncodingGradient,
  EvaluationOptions,
  FineTuning,
  HyperNetEvent,
  HyperNetTrainingOptions,
  HyperNetTrainingSettings,
  ImageSource,
  Mistake,
  NetworkEvent,
  NetworkTrainingOptions,
  NetworkTrainingSettings,
  Score,
  ScoringData,
  StepEvent,
  TestScore,
  TrainingProgress,
} from "./train/index.js";
export type { NamedTensors } from "./nn/index.js";
