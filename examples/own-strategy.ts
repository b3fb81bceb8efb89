/**
 * A search strategy of your own: tournaments. A few of the architectures scored so far are drawn, and the best of them
 * is perturbed. It ranks with the HyperNet of a finished search.
 *
 *   node own-strategy.js [RUN] [TRIALS]
 *
 * Without RUN, a tiny search on the synthetic data set comes first.
 */

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  defaultDataDir,
  fitSurrogate,
  formatTrialTable,
  loadDataset,
  openTrained,
  rankArchitectures,
  rankTrials,
  readExamples,
  resolveConfig,
  RunFolder,
  setThreads,
  startJob,
  TrialStore,
  type Strategy,
} from "smash";

/** Pure: what it proposes depends on its arguments alone, so that a search can be repeated and continued. */
const tournament: Strategy = {
  // The origin that its trials are filed under.
  name: "perturb",
  propose(history, { space, rankedBy, random }) {
    if (history.length === 0) return { architecture: space.sample(random) };
    const drawn = Array.from({ length: 5 }, () => random.choice(history));
    const [{ id, architecture }] = rankTrials(drawn, rankedBy);
    return { architecture: space.perturb(architecture, random), parent: id };
  },
};

const dataDir = defaultDataDir();
const [run = await searchFirst(), trials = "8"] = process.argv.slice(2);

const folder = new RunFolder(run);
const { config } = await folder.requireConfig();
setThreads(config.threads);
const imageSize = config.space.input.size;
const dataset = await loadDataset(config.dataset, { dataDir, imageSize });
const { network, scoring } = await openTrained({ folder, config, dataset });

const store = new TrialStore(folder.trialsPath);
const history = store.list();
const before = rankTrials(history, config.ranking.rankedBy)[0];

const { rankedBy, batchNorm } = config.ranking;
// A run that is ranked by predicted errors has what its surrogate learned from.
const surrogate =
  rankedBy === "predicted" ? await fitSurrogate(await readExamples(folder, config)) : undefined;
// The places of trials that exist are not asked again.
const plan = Array<Strategy>(history.length + Number(trials)).fill(tournament);
const found = [...history];
for await (const { trial } of rankArchitectures(network, {
  ...{ plan, history, scoring, rankedBy, batchNorm, surrogate },
  seed: config.seed,
})) {
  store.add(trial);
  found.push(trial);
  console.error(`trial ${trial.id}: loss ${trial.validationLoss.toFixed(3)}`);
}
store.close();

const [best] = rankTrials(found, rankedBy);
console.log(formatTrialTable(found, { limit: 5, rankedBy }));
console.log(`best: loss ${best.validationLoss.toFixed(3)}, before ${before.validationLoss.toFixed(3)}`);

async function searchFirst(): Promise<string> {
  const dataset = await loadDataset("synthetic", { dataDir });
  const config = resolveConfig({
    preset: "tiny",
    dataset: { ...dataset, classes: dataset.classes.length },
    ...{ seed: 0, device: "cpu", threads: 2, precision: "fp32" },
  });
  const run = mkdtempSync(join(tmpdir(), "smash-example-"));
  const versions = { smash: "0.1.0", node: process.versions.node, libtorch: "any" };
  await new RunFolder(run).open(config, versions);
  await startJob({ kind: "search", run, config, dataset: dataset.name, dataDir, threads: config.threads });
  return run;
}
