/** What the page says of a run's numbers: each in its place, with the right words around it. */

import { expect, test } from "vitest";
import { distinctTrials, emptyRun, fakeRun } from "./fake-run.fixture.js";
import { renderReport } from "./html.js";
import { pageText } from "./page-text.fixture.js";
import type { ReportData, RunStatus } from "./report-data.js";

const finished = fakeRun();
const { hypernet, trials, dataset } = finished;
const untrained: ReportData = { ...finished, trained: undefined, test: undefined, status: "ranked" };
const words = async (data: ReportData) => pageText(await renderReport(data, []));

test("a finished run: its network, how it came about, and what was measured", async () => {
  expect(await words(finished)).toContain(
    "SMASH architecture search runs/cifar10-small done 7.48 % test error on cifar10 " +
      "A network of 2.95M parameters and 303M multiply-adds. It was chosen among 240 architectures by its " +
      "validation loss with generated weights, and then trained from scratch for 40 epochs. " +
      "Validation error 7.12 % Parameters 2.95M Multiply-adds 303M Architectures scored 240 " +
      "Training time 1 h 53 min What was searched",
  );
});

test("a ranked run: its leader by what it is ranked by, and that it is not trained", async () => {
  const leader =
    "the best of 240 architectures The winner has 2.95M parameters, 303M multiply-adds, and a validation error of " +
    "23.06 % with generated weights. It has not been trained yet. SMASH error 23.06 % Parameters 2.95M " +
    "Multiply-adds 303M Architectures scored 240 HyperNet steps 6,000 Training time 22 min 07 s What was searched";
  expect(await words(untrained)).toContain(`ranked SMASH loss 0.813: ${leader}`);
  expect(await words({ ...untrained, rankedBy: "error" })).toContain(`ranked SMASH error 23.06 %: ${leader}`);
});

test("a single architecture is one", async () => {
  const one = { ...untrained, trials: trials.slice(0, 1) };
  expect(await words(one)).toContain(": the best of one architecture The winner has");
});

test.each<[RunStatus, string, string]>([
  ["training-hypernet", "training the HyperNet", "Training a HyperNet for cifar10"],
  ["ranking", "ranking", "Ranking architectures for cifar10"],
  ["ranked", "ranked", "A trained HyperNet for cifar10"],
  ["training-network", "training a network", "Training a network for cifar10"],
  ["done", "done", "A trained network for cifar10"],
])("a run without scores that is at %s", async (status, name, title) => {
  expect(await words({ ...emptyRun(), status })).toContain(
    `runs/cifar10-small ${name} ${title} The HyperNet has been trained for 0 steps. ` +
      "It has not been validated yet. HyperNet steps 0 What was searched",
  );
});

test("a HyperNet in training: its last validation error, beside that of guessing", async () => {
  const validation = [
    { step: 500, loss: 1.5, error: 0.55 },
    { step: 1000, loss: 1.3, error: 0.45 },
  ];
  const half = { ...emptyRun(), hypernet: { ...hypernet, steps: 1000, seconds: 60, validation } };
  expect(await words(half)).toContain(
    "The HyperNet has been trained for 1,000 steps. Architectures drawn at random reach a validation error of " +
      "45.00 % with its weights; guessing would reach 90.00 %. HyperNet steps 1,000 Training time 1 min 00 s",
  );
});

test("which network is being trained", async () => {
  const run = { ...untrained, trials: distinctTrials(), status: "training-network" as const };
  expect(await words({ ...run, inTraining: run.trials[0].architecture })).toContain(
    "with generated weights. It is being trained from scratch. SMASH error",
  );
  expect(await words(run)).toContain("A network of this run is being trained from scratch.");
});

test("top 5 is told from 20 classes on", async () => {
  const of = (classes: number): ReportData => ({
    ...{ ...finished, test: undefined },
    dataset: { ...dataset, classes: Array.from({ length: classes }, (_, label) => String(label)) },
  });
  expect(await words(of(20))).toContain("Test error, top 5 0.21 % Validation error");
  expect(await words(of(19))).not.toContain("top 5");
});

test("what was searched, with what, and in what time", async () => {
  const limits = { parameters: 5_000_000, flops: 400_000_000 };
  const text = await words({ ...finished, limits });
  expect(text).toContain("Networks whose layers read from and write to memory banks. One auxiliary network");
  expect(text).toContain(
    "Data set cifar10 Classes 10 Training images 45,000 Validation images, held out 5,000 Test images 10,000 " +
      "Preset small Architectures scored 160 random, 50 perturb, 30 chain " +
      "Limits at most 5.00M parameters and 400M multiply-adds " +
      "Ranked by validation loss with generated weights BatchNorm statistics recalibrated " +
      "HyperNet parameters 562k Freely learned, shared parameters 185k HyperNet steps 6,000 " +
      "HyperNet training time 22 min 07 s The best ten",
  );
  expect(await words({ ...finished, space: "nas-bench-201", batchNorm: "batch" })).toMatch(
    /Networks that repeat one cell of NAS-Bench-201.* BatchNorm statistics batch /,
  );
});

test("the ten best in their order, each number in its column", async () => {
  expect(await words(finished)).toContain(
    "Rank SMASH error Loss (nats) Para\u00admeters Multiply-adds Origin " +
      "1 23.06 % 0.813 2.95M 303M chain 2 23.82 % 0.887 2.41M 401M perturb 3 25.59 % 0.908",
  );
  expect(await words(finished)).toContain("10 28.16 % 0.985 2.12M 385M chain The winner");
  expect(await words({ ...finished, trials: trials.slice(0, 9) })).toContain("The ranking Ordered by");
});

test("fine-tuned scores have a column, for the best alone", async () => {
  const ranked = trials.map((trial) =>
    trial.id === 215 || trial.id === 216
      ? { ...trial, fineTuned: { validationLoss: trial.id === 215 ? 0.721 : 0.722, validationError: 0.2 } }
      : trial,
  );
  const text = await words({ ...untrained, trials: ranked });
  expect(text).toContain("Then fine-tuned the best 2, for 100 steps at a rate of 0.01");
  expect(text).toContain("Loss (nats) Fine-tuned loss Para\u00admeters");
  expect(text).toContain(
    "1 33.05 % 1.046 0.721 1.60M 273M chain 2 39.17 % 1.223 0.722 1.59M 207M chain 3 23.06 % 0.813 – 2.95M",
  );
});

test("errors of finalists have a column, for them alone", async () => {
  const ranked = trials.map((trial) =>
    trial.id === 215 || trial.id === 216
      ? {
          ...trial,
          trained: { epochs: 1, validationLoss: 0.7, validationError: trial.id === 215 ? 0.21 : 0.2 },
        }
      : trial,
  );
  const text = await words({ ...untrained, trials: ranked, finalistSeconds: 83 });
  expect(text).toContain("Then trained from scratch 2 finalists, for 1 epoch, in 1 min 23 s");
  expect(text).toContain("Loss (nats) Trained error Para\u00admeters");
  expect(text).toContain(
    "20.00 % validation error after 1 epoch: the best of 2 finalists of 240 architectures",
  );
  expect(text).toContain(
    "39.17 % with generated weights, of 20.00 % after 1 epoch of training. It has not been trained in full yet.",
  );
  expect(text).toContain(
    "Finalists lead, in the order of their validation errors after 1 epoch of training from scratch.",
  );
  expect(text).toContain(
    "1 39.17 % 1.223 20.00 % 1.59M 207M chain 2 33.05 % 1.046 21.00 % 1.60M 273M chain 3 23.06 % 0.813 – 2.95M",
  );
});

test.each([
  ["recalibrated", "BatchNorm statistics were measured anew for each architecture before it was scored."],
  ["batch", "BatchNorm used the statistics of each validation batch"],
  ["running", "BatchNorm used running statistics gathered over many architectures."],
] as const)("how scores with %s BatchNorm statistics are to be read", async (batchNorm, note) => {
  expect(await words({ ...finished, batchNorm })).toContain(` ${note}`);
});

test("on how many images a score is, and what the test images were used for", async () => {
  expect(await words(finished)).toContain("is the loss on 1,000 validation images of a network");
  expect(await words(finished)).toContain("Test images decided nothing. They were used once, after training");
  expect(await words(untrained)).toContain("nothing. No number in this report comes from them.");
});

test("the trained network: its blocks, costs, errors, epochs and time, and the images it was tested on", async () => {
  const [{ architecture }] = distinctTrials();
  if (architecture.space !== "memory-banks") throw new Error("the fixture is of memory banks");
  const layer = { ...architecture.blocks[0].layers[0], writes: [0] };
  const blocks = [3, 1, 2].map((count, index) => ({
    ...architecture.blocks[index],
    layers: Array.from({ length: count }, () => ({
      ...layer,
      units: architecture.blocks[index].bankChannels,
    })),
  }));
  const shown = { ...architecture, blocks };
  const trained = { ...finished.trained!, architecture: shown };
  const ranked = [trials[0], { ...trials[1], architecture: shown, validationLoss: 0.1 }, trials[2]];
  const run = { ...finished, trials: ranked, trained };
  const text = await words(run);
  expect(text).toContain("The winner 3 blocks with 3, 1, 2 layers, 6 in all, on images of 32 × 32 pixels.");
  // 100 images of each of ten classes.
  expect(text).toContain(
    "Trained from scratch Rank 1 of 3 Parameters 2.95M Multiply-adds 303M Test error 7.48 % Test images 1,000 " +
      "Validation error 7.12 % Epochs 40 Training time 1 h 31 min Checkpoint runs/cifar10-small/",
  );
  expect(await words({ ...run, test: undefined })).toContain("Test images 10,000 Validation error");
  const elsewhere = await words({ ...run, test: undefined, trained: { ...trained, dataset: "stl10" } });
  expect(elsewhere).toContain("Test error 7.48 % Validation error 7.12 % Epochs");
});

test("with what the run can be had again", async () => {
  expect(await words({ ...finished, seed: 3 })).toContain(
    "smash 0.1.0 Node.js 20.20.2 libtorch 2.9.0 Device cpu Threads 2 Precision fp32 Seed 3 " +
      "Resolved configuration { &quot;preset&quot;: &quot;small&quot;, &quot;space&quot;: {",
  );
});
