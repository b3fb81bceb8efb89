export { loadBatch, loadBatches } from "./batch-tensors.js";
export type { BatchTensors, ImageSource } from "./batch-tensors.js";
export { trainBriefly } from "./brief-training.js";
export { encodingGradient } from "./encoding-gradient.js";
export type { EncodingGradient } from "./encoding-gradient.js";
export { evaluateGenerated } from "./evaluate.js";
export type { EvaluationOptions, Score, ScoringData } from "./evaluate.js";
export { evaluateFineTuned } from "./fine-tuning.js";
export type { FineTuning } from "./fine-tuning.js";
export type { HyperNetEvent, NetworkEvent, StepEvent } from "./events.js";
export { HyperNetTraining } from "./hypernet-training.js";
export type { HyperNetTrainingOptions, HyperNetTrainingSettings } from "./hypernet-training.js";
export { NetworkTraining } from "./network-training.js";
export type {
  BestEpoch,
  NetworkTrainingOptions,
  NetworkTrainingSettings,
  TrainingProgress,
} from "./network-training.js";
export { testNetwork } from "./test-network.js";
export type { Mistake, TestScore } from "./test-network.js";
export { unlessDiverged } from "./unless-diverged.js";
export { networkState } from "./weight-average.js";
