/**
 * A search from TypeScript: the tiny preset on the synthetic data set takes seconds. For real images, use "cifar10"
 * and the preset "demo".
 */

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultDataDir, formatTrialTable, loadDataset, resolveConfig, RunFolder, startJob } from "smash";

const dataDir = defaultDataDir();
const dataset = await loadDataset("synthetic", { dataDir });
const config = resolveConfig({
  preset: "tiny",
  dataset: { ...dataset, classes: dataset.classes.length },
  seed: 0,
  device: "cpu",
  threads: 2,
  precision: "fp32",
});

const run = mkdtempSync(join(tmpdir(), "smash-example-"));
const versions = { smash: "0.1.0", node: process.versions.node, libtorch: "any" };
await new RunFolder(run).open(config, versions);

const { hypernet, ranking, best } = await startJob(
  { kind: "search", run, config, dataset: dataset.name, dataDir, threads: config.threads },
  {
    onEvent: (event) => {
      if (event.type === "hypernet-validation")
        console.error(`step ${event.step}: loss ${event.loss.toFixed(3)}`);
    },
  },
);

console.log(
  `HyperNet: ${(100 * hypernet.validationError).toFixed(1)} % validation error with generated weights`,
);
console.log(formatTrialTable(ranking, { limit: 5 }));
console.log(`best: ${best.parameters} parameters`);
