/**
 * From a folder of your own images to a network that other programs run: search, train the best, write it as ONNX.
 *
 *   node own-images.js PHOTOS OUT [PRESET] [SIZE]
 *
 * PHOTOS holds a folder of images for each class; OUT gets the run, its report and model.onnx. With the preset "demo" and
 * images of 48 pixels this takes minutes, with "tiny" seconds.
 */

import { join } from "node:path";
import {
  defaultDataDir,
  exportableNetwork,
  exportOnnx,
  loadDataset,
  loadTrainedNetwork,
  resolveConfig,
  RunFolder,
  startJob,
  writeReport,
  writeTestDetails,
} from "smash";

const [photos, out, preset = "demo", size = "48"] = process.argv.slice(2);
if (photos === undefined || out === undefined)
  throw new Error("usage: own-images PHOTOS OUT [PRESET] [SIZE]");

const dataDir = defaultDataDir();
const name = `folder:${photos}`;
const imageSize = Number(size);
const dataset = await loadDataset(name, { dataDir, imageSize });
console.log(`${dataset.train.count} images to train on, ${dataset.test.count} to test on`);
console.log(`classes: ${dataset.classes.join(", ")}`);

const config = resolveConfig({
  preset,
  dataset: { ...dataset, classes: dataset.classes.length },
  // Settings to change, laid out as in config.json of any run: no network may be larger than this.
  overrides: { ranking: { limits: { parameters: 100_000 } } },
  seed: 0,
  device: "cpu",
  threads: 2,
  precision: "fp32",
});

const folder = new RunFolder(out);
await folder.open(config, { smash: "0.1.0", node: process.versions.node, libtorch: "any" });
const place = { config, dataset: name, dataDir, imageSize, threads: config.threads };
const events = { onEvent: (event: object) => folder.appendEvent(event) };

const { best } = await startJob({ kind: "search", run: out, ...place }, events);
console.log(`best: ${best.parameters} parameters, ${best.flops} multiply-adds an image`);

const checkpoint = folder.checkpointPath("best");
const { architecture } = best;
const { test, ...trained } = await startJob({ kind: "train", architecture, checkpoint, ...place }, events);
console.log(`test error: ${(100 * trained.testError).toFixed(1)} %`);
for (const { index, truth, prediction } of test.mistakes.slice(0, 3)) {
  console.log(`  test image ${index} is ${test.classes[truth]}, taken for ${test.classes[prediction]}`);
}

// With both, the report shows the training, the confusion matrix and the mistakes.
await writeTestDetails(folder.testPath, test);
folder.appendEvent({ type: "trained", ...trained });
console.log(`report: ${await writeReport(folder, dataDir)}`);

const { network, facts } = await loadTrainedNetwork(checkpoint, "cpu");
const onnx = await exportOnnx(exportableNetwork(network), join(out, "model.onnx"), {
  facts,
  images: dataset.test,
  version: "0.1.0",
});
console.log(`${onnx.path}: ${onnx.bytes} bytes, logits within ${onnx.maxAbsDifference} of the network's`);
