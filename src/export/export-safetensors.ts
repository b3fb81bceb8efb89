/**
 * Writes a network's trained weights and running statistics as safetensors, under plain names and without the
 * optimizer's state; architecture, classes and normalisation are in the metadata.
 */

import { fileSize } from "../files.js";
import { disposeAll, readSafetensors, writeSafetensors } from "../nn/index.js";
import type { Tensor } from "../tensor/index.js";
import type { TrainingFacts } from "./encode-onnx.js";
import type { ExportableNetwork } from "./network-graph.js";

/** What `exportSafetensors` wrote. */
export interface SafetensorsExport {
  readonly path: string;
  readonly bytes: number;
  readonly tensors: number;
  /** Largest difference in a number, read back: 0. */
  readonly maxAbsDifference: number;
}

/** Writes weights and BatchNorm statistics, named as in the checkpoint, with the facts as metadata. */
export async function exportSafetensors(
  network: ExportableNetwork,
  path: string,
  { dataset, classes, statistics }: TrainingFacts,
): Promise<SafetensorsExport> {
  const tensors = network.state();
  await writeSafetensors(path, tensors, {
    architecture: JSON.stringify(network.architecture),
    classes: JSON.stringify(classes),
    dataset,
    statistics: JSON.stringify(statistics),
  });
  const { tensors: saved } = await readSafetensors(path);
  const differences = [...tensors].map(([name, tensor]) => largestDifference(tensor, saved.get(name)!));
  disposeAll(saved);
  return {
    path,
    bytes: (await fileSize(path))!,
    tensors: tensors.size,
    maxAbsDifference: Math.max(...differences),
  };
}

function largestDifference(tensor: Tensor, saved: Tensor): number {
  const values = saved.toNumbers();
  return tensor
    .toNumbers()
    .reduce((most, value, index) => Math.max(most, Math.abs(value - values[index])), 0);
}
