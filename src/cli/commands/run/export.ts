/** The work of `smash export`. */

import {
  checkDataset,
  loadDataset,
  type Dataset,
  type PackRequest,
  type ImageSet,
} from "../../../data/index.js";
import { isSmashError, SmashError } from "../../../errors.js";
import { checkOutputFile, checkOutputFolder } from "../../../files.js";
import {
  comparedImages,
  exportableNetwork,
  exportOnnx,
  exportPage,
  exportSafetensors,
  measureLatency,
  measureQuantization,
  noiseImages,
  type OnnxExportOptions,
} from "../../../export/index.js";
import {
  describeMisfit,
  loadTrainedNetwork,
  quoted,
  requireFitting,
  type NetworkFacts,
} from "../../../run/index.js";
import { setThreads } from "../../../tensor/index.js";
import { refuseIgnored } from "../../common-options.js";
import { dataDirOf } from "../../data-dir.js";
import { readVersion } from "../../read-version.js";
import type { CommandContext } from "../../run-command.js";
import type { ExportFlags } from "../export.js";
import { describeExport, type ExportResults } from "./describe-export.js";
import { findCheckpoint } from "./find-checkpoint.js";
import { noteUnfinished } from "./note-unfinished.js";

export async function exportCommand(flags: ExportFlags, context: CommandContext) {
  refuseIgnored(context.common.given, {
    ...(flags.run === undefined && { rank: "--run" }),
    ...(flags.latency === undefined && { batch: "--latency" }),
  });
  const { checkpoint, checkRank } = await findCheckpoint(flags);
  await checkOutputs(flags);
  const { common, progress, signal } = context;
  setThreads(common.threads);
  // On the CPU, where its answers are compared with those of ONNX Runtime's.
  const { network: trained, facts, unfinished } = await loadTrainedNetwork(checkpoint, "cpu");
  checkRank?.(facts.architecture);
  noteUnfinished(progress, { checkpoint, unfinished });
  const network = exportableNetwork(trained);
  const dataset = await findDataset({ checkpoint, facts, named: flags.data }, context);
  const images: ImageSet = dataset?.test ?? noiseImages(network.input, comparedImages);
  const { onnx, int8, safetensors, web, latency, batch } = flags;
  const options: OnnxExportOptions = {
    facts,
    images,
    int8,
    version: readVersion(),
    threads: common.threads,
    signal,
  };
  if (int8 && dataset) progress.log(`comparing 8-bit weights on ${images.count} images…`);
  const files = {
    ...(onnx !== undefined && { onnx: await exportOnnx(network, onnx, options) }),
    ...(safetensors !== undefined && { safetensors: await exportSafetensors(network, safetensors, facts) }),
    ...(web !== undefined && { web: await exportPage(network, web, { ...options, samples: dataset?.test }) }),
  };
  const results: ExportResults = {
    checkpoint,
    comparedOn: dataset ? `${dataset.name} test images` : "noise",
    ...files,
    ...(int8 && dataset && { quantization: await measureQuantization(network, options) }),
    ...(latency !== undefined && {
      latency: await measureLatency(files.onnx?.path ?? files.web!.model, {
        batch,
        signal,
        ...(latency !== true && { threads: latency }),
      }),
    }),
  };
  const [first] = Object.values(files);
  const { path, bytes, maxAbsDifference } = first;
  return {
    json: { path, bytes, maxAbsDifference, ...unfinished, ...results },
    text: describeExport(results),
  };
}

async function checkOutputs({ onnx, safetensors, web, int8, latency }: ExportFlags): Promise<void> {
  const needsOnnx = int8 ? "--int8" : latency !== undefined ? "--latency" : undefined;
  const hasOnnx = onnx !== undefined || web !== undefined;
  if (!hasOnnx && (safetensors === undefined || needsOnnx !== undefined)) {
    throw new SmashError("usage", {
      rule: "smash export writes what --onnx, --safetensors or --web name; --int8 and --latency are about ONNX.",
      found: needsOnnx ? `${needsOnnx} without --onnx or --web.` : "none of them.",
      fix: "add --onnx FILE.onnx, say.",
    });
  }
  for (const file of [onnx, safetensors]) if (file !== undefined) await checkOutputFile(file);
  if (web !== undefined) await checkOutputFolder(web);
}

/** Whether its files are here as published; an own folder may have been moved, or stayed on another machine. */
async function isThere(name: string, place: PackRequest): Promise<boolean> {
  try {
    return (await checkDataset(name, place)).verified;
  } catch (error) {
    if (isSmashError(error, "data")) return false;
    throw error;
  }
}

interface ComparedNetwork {
  readonly checkpoint: string;
  readonly facts: NetworkFacts;
  /** By --data. */
  readonly named: string | undefined;
}

/** The data set, if it lies here; it is not worth a download. One that was asked for must fit. */
async function findDataset(
  { checkpoint, facts, named }: ComparedNetwork,
  context: CommandContext,
): Promise<Dataset | undefined> {
  const name = named ?? facts.dataset;
  const dataDir = dataDirOf(context);
  const place = { dataDir, imageSize: facts.architecture.input.size };
  // A folder that was asked for is another matter than one that the network remembers.
  if (!(named === undefined ? await isThere(name, place) : (await checkDataset(name, place)).verified)) {
    context.progress.log(
      name.startsWith("folder:")
        ? `${name} cannot be used; comparing on noise (smash data check ${quoted(name)} says why, --data names another data set)`
        : `${name} is not in ${dataDir}; comparing on noise (smash data fetch ${name})`,
    );
    return undefined;
  }
  const dataset = await loadDataset(name, place);
  const misfit = describeMisfit(facts, dataset);
  if (misfit === undefined) return dataset;
  if (named !== undefined) requireFitting({ checkpoint, facts }, dataset);
  context.progress.log(`${checkpoint} is ${misfit}; comparing on noise`);
  return undefined;
}
