/** Writes a network as ONNX after running the file against the network: one that answers differently is not written. */

import { SmashError } from "../errors.js";
import { replaceFile } from "../files.js";
import type { ImageSet } from "../data/index.js";
import { compareLogits, errorOf, type Comparison } from "./compare-logits.js";
import { encodeOnnx, type OnnxOptions, type TrainingFacts } from "./encode-onnx.js";
import type { ExportableNetwork } from "./network-graph.js";
import { OnnxSession, type SessionOptions } from "./onnx-session.js";
import { firstImages, runNetworkOn, runSessionOn } from "./run-images.js";

/** What `exportOnnx` writes and compares with. */
export interface OnnxExportOptions extends OnnxOptions, SessionOptions {
  readonly facts: TrainingFacts;
  /** Images to compare on, of which the first 256 are used. */
  readonly images: ImageSet;
  readonly signal?: AbortSignal;
}

/** What was written, and how far its logits are from the network's own. */
export interface OnnxExport extends Comparison {
  readonly path: string;
  readonly bytes: number;
  readonly int8: boolean;
}

/** What 8-bit weights change, on all images that were given. */
export interface QuantizationCost {
  readonly images: number;
  /** Fraction classified wrongly with float32 weights. */
  readonly error: number;
  readonly int8Error: number;
  readonly bytes: number;
  readonly int8Bytes: number;
}

/** Images on which files are compared with networks. */
export const comparedImages = 256;

/** Largest difference in a logit, as a fraction of the largest logit or of 1. */
const tolerance = 1e-4;

/**
 * Writes the file. Throws `SmashError("internal")` when the answers with float32 weights are not the network's: with
 * `int8` too, where the comparison given back is that of the 8-bit file.
 */
export async function exportOnnx(
  network: ExportableNetwork,
  path: string,
  options: OnnxExportOptions,
): Promise<OnnxExport> {
  const { facts, int8 = false } = options;
  const set = firstImages(options.images, comparedImages);
  const own = runNetworkOn(network, set, facts.statistics);
  const compare = async (bytes: Uint8Array) =>
    compareLogits(own, await answers(bytes, set, options), facts.classes.length);
  const exact = encodeOnnx(network, facts, { ...options, int8: false });
  const comparison = await compare(exact);
  checkSame(comparison);
  const bytes = int8 ? encodeOnnx(network, facts, options) : exact;
  await replaceFile(path, bytes);
  return { path, bytes: bytes.length, int8, ...(int8 ? await compare(bytes) : comparison) };
}

/** Measures what 8-bit weights would cost. */
export async function measureQuantization(
  network: ExportableNetwork,
  options: OnnxExportOptions,
): Promise<QuantizationCost> {
  const { facts, images } = options;
  const [exact, small] = [false, true].map((int8) => encodeOnnx(network, facts, { ...options, int8 }));
  const errorWith = async (bytes: Uint8Array) =>
    errorOf(await answers(bytes, images, options), images.labels, facts.classes.length);
  return {
    images: images.count,
    error: await errorWith(exact),
    int8Error: await errorWith(small),
    bytes: exact.length,
    int8Bytes: small.length,
  };
}

async function answers(bytes: Uint8Array, set: ImageSet, options: OnnxExportOptions): Promise<Float32Array> {
  const session = await OnnxSession.open(bytes, options);
  try {
    return await runSessionOn(session, set, options);
  } finally {
    await session.close();
  }
}

function checkSame({ images, maxAbsDifference, maxAbsLogit, differentClasses }: Comparison): void {
  const allowed = tolerance * Math.max(1, maxAbsLogit);
  // Classes follow: another one is possible only between logits closer to each other than this.
  if (maxAbsDifference <= allowed) return;
  throw new SmashError("internal", {
    rule: `An exported network gives the original's logits to ${tolerance} of the largest.`,
    found: `a difference of ${maxAbsDifference} in logits up to ${maxAbsLogit}, ${differentClasses} other classes in ${images} images.`,
    fix: "report this with the checkpoint; nothing was written.",
  });
}
