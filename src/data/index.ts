export type { Augmentation } from "./augment.js";
export { fillBatch } from "./batches.js";
export type { Batch, FillOptions } from "./batches.js";
export { defaultDataDir } from "./data-dir.js";
export type { Dataset, DatasetInfo, ImageSet } from "./dataset.js";
export { batchIndices, epochOrder, stepsPerEpoch } from "./epochs.js";
export type { BatchPlan } from "./epochs.js";
export { imagesInMemory, selectImages } from "./image-set.js";
export { channelStatistics } from "./normalize.js";
export type { ChannelStatistics } from "./normalize.js";
export {
  checkDataset,
  datasetNames,
  describeDataset,
  fetchDataset,
  listDatasets,
  loadDataset,
} from "./registry.js";
export type { DataFolder, DatasetRequest, DatasetStatus } from "./registry.js";
export type { FetchEvent, FetchOptions } from "./source.js";
export { splitTrain } from "./split.js";
export type { SplitOptions, TrainSplit } from "./split.js";
export { generateSynthetic } from "./synthetic.js";
export type { MemoryLayout } from "./write-image.js";
