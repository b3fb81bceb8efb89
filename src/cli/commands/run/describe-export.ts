/** What `smash export` did, in words. */

import type {
  Latency,
  OnnxExport,
  PageExport,
  QuantizationCost,
  SafetensorsExport,
} from "../../../export/index.js";
import { formatCount, formatMs, formatPercent } from "../../../report/index.js";

export interface ExportResults {
  readonly checkpoint: string;
  /** What the images were. */
  readonly comparedOn: string;
  readonly onnx?: OnnxExport;
  readonly safetensors?: SafetensorsExport;
  readonly web?: PageExport;
  readonly quantization?: QuantizationCost;
  readonly latency?: Latency;
}

export function describeExport(results: ExportResults): string {
  const { onnx, safetensors, web, quantization, latency } = results;
  const lines: string[] = [];
  if (onnx) lines.push(`${onnx.path}: ${formatCount(onnx.bytes)}B, ${describeComparison(onnx, results)}`);
  if (safetensors) {
    const { path, bytes, tensors } = safetensors;
    lines.push(`${path}: ${formatCount(bytes)}B, ${tensors} tensors`);
  }
  if (web) {
    lines.push(
      `${web.path}: a page of ${formatCount(web.bytes)}B, ${describeComparison(web, results)}`,
      `  serve the folder and open it: npx http-server ${web.path}, or python3 -m http.server -d ${web.path}`,
    );
  }
  if (quantization) lines.push(describeQuantization(quantization));
  if (latency) {
    const { medianMs, p10Ms, p90Ms, threads, batch, runs } = latency;
    lines.push(
      `latency: ${formatMs(medianMs)} ms (median of ${runs}; ${formatMs(p10Ms)} to ${formatMs(p90Ms)} ms for most), ` +
        `batch ${batch}, ${threads} ${threads === 1 ? "thread" : "threads"}`,
    );
  }
  return lines.join("\n");
}

function describeComparison(
  { images, maxAbsDifference, differentClasses }: OnnxExport | PageExport,
  { comparedOn }: ExportResults,
): string {
  const classes = differentClasses === 0 ? "the same classes" : `${differentClasses} other classes`;
  return `${classes} on ${images} ${comparedOn === "noise" ? "images of noise" : comparedOn}, logits to ${maxAbsDifference.toExponential(1)}`;
}

function describeQuantization({ images, error, int8Error, bytes, int8Bytes }: QuantizationCost): string {
  return (
    `8-bit weights: error ${formatPercent(int8Error)} instead of ${formatPercent(error)} on ${images} test images, ` +
    `${formatCount(int8Bytes)}B instead of ${formatCount(bytes)}B`
  );
}
