/** The work of `smash train` and `smash eval`. */

import {
  referenceArchitecture,
  referenceNames,
  requireMemoryBanks,
  type Architecture,
} from "../../../arch/index.js";
import {
  applyRecipe,
  changeConfig,
  heldOutFor,
  type RecipeName,
  type RunConfig,
} from "../../../config/index.js";
import type { DatasetInfo } from "../../../data/index.js";
import { SmashError } from "../../../errors.js";
import { checkOutputFile } from "../../../files.js";
import { formatCount, formatEpochs, formatLoss, formatPercent } from "../../../report/index.js";
import {
  readNetworkFacts,
  startJob,
  writeReport,
  writeTestDetails,
  type TrainResult,
} from "../../../run/index.js";
import { RunFolder } from "../../../store/index.js";
import { resolveDevice } from "../../../tensor/index.js";
import { readJson } from "../../config-file.js";
import { refuseIgnored } from "../../common-options.js";
import { dataDirOf } from "../../data-dir.js";
import type { ImageSizeFlag } from "../../image-size.js";
import { parseChoice } from "../../option-values.js";
import type { CommandContext } from "../../run-command.js";
import {
  applyGiven,
  configure,
  jobOptions,
  jobPlace,
  openDataset,
  requireUsableSize,
} from "../../run-session.js";
import { readArchitecture } from "../arch/files.js";
import type { EvalFlags, TrainFlags } from "../train.js";
import { noteLeftOut } from "./note-left-out.js";
import { noteUnfinished } from "./note-unfinished.js";
import { findTrial, rankRun } from "./ranked-trials.js";

export async function train(flags: TrainFlags, context: CommandContext) {
  const { data, run, arch, network } = flags;
  const given = Object.entries({ run, arch, network }).filter(([, value]) => value !== undefined);
  if (given.length !== 1) {
    throw new SmashError("usage", {
      rule: "smash train takes exactly one of --run, --arch and --network.",
      found: given.length === 0 ? "none." : `${given.map(([name]) => `--${name}`).join(" and ")}.`,
      fix: "give --run RUN to train what a search found, --arch FILE, or --network NAME.",
    });
  }
  refuseIgnored(
    context.common.given,
    run === undefined ? { rank: "--run" } : { preset: "--arch or --network" },
  );
  const folder = run === undefined ? undefined : new RunFolder(run);
  const saved = folder && (await folder.requireConfig()).config;
  const ofRun = saved && applyGiven(saved, context, ["device", "threads", "seed", "precision"]);
  const known = ofRun
    ? findTrial(rankRun(folder, ofRun), { rank: flags.rank, folder }).architecture
    : arch === undefined
      ? undefined
      : await readArchitecture(arch);
  const reference = network === undefined ? undefined : parseChoice("--network", referenceNames)(network);
  const { recipe, epochs, config: configFile } = flags;
  const changes = configFile === undefined ? {} : await readTrainingChanges(configFile);
  const name = flags.rank === 1 ? "best" : `rank-${flags.rank}`;
  const checkpoint = flags.out ?? folder?.checkpointPath(name) ?? "network.safetensors";
  await checkOutputFile(checkpoint);
  if (known) requireSameSize(flags, known);
  else requireUsableSize(flags.preset, flags.imageSize);
  const dataset = await openDataset(data, context, flags.imageSize ?? known?.input.size);
  noteLeftOut(context.progress, dataset);
  const base = ofRun ?? configure({ preset: flags.preset, dataset }, context);
  const config = trainingConfig(base, { data: dataset, recipe, changes, epochs });
  const architecture =
    known ?? referenceArchitecture(reference!, requireMemoryBanks(config.space, `--network ${reference!}`));
  checkFits(architecture, dataset);
  const result = await trainNetwork({ config, architecture, checkpoint, folder }, context);
  if (folder) await writeReport(folder, dataDirOf(context));
  return { json: result, text: describeTrained(result) };
}

export interface TrainingChanges {
  readonly data: Pick<DatasetInfo, "name" | "train">;
  readonly recipe?: RecipeName | undefined;
  /** As in a --config file. */
  readonly changes?: unknown;
  readonly epochs?: number | undefined;
}

/**
 * What a run's or preset's configuration becomes for one training: the data set is the one named, not the run's, and holds
 * out as many images as it can spare.
 */
export function trainingConfig(
  base: RunConfig,
  { data, recipe, changes = {}, epochs }: TrainingChanges,
): RunConfig {
  const named = recipe === undefined ? base : applyRecipe(base, recipe);
  const config = changeConfig(named, changes);
  const { networkTraining } = config;
  return {
    ...config,
    dataset: data.name,
    validationImages: heldOutFor(base, data),
    networkTraining: { ...networkTraining, epochs: epochs ?? networkTraining.epochs },
  };
}

/** What else a configuration has belongs to the run, or to a search. */
async function readTrainingChanges(path: string): Promise<unknown> {
  const changes = await readJson(path);
  const other = Object.keys(Object(changes) as object).find((key) => key !== "networkTraining");
  if (other === undefined) return changes;
  throw new SmashError("config", {
    rule: "A --config file for smash train holds networkTraining and nothing else.",
    found: `"${other}" in ${path}.`,
    fix: 'leave it out: {"networkTraining": {"mixup": 0.2}}, say.',
  });
}

export async function trainNetwork(
  {
    folder,
    ...job
  }: {
    readonly config: RunConfig;
    readonly architecture: Architecture;
    readonly checkpoint: string;
    readonly folder?: RunFolder | undefined;
  },
  context: CommandContext,
): Promise<TrainResult> {
  const { test, ...result } = await startJob(
    { kind: "train", ...job, ...jobPlace(job.config, context) },
    jobOptions(context, folder),
  );
  if (folder) await writeTestDetails(folder.testPath, test);
  folder?.appendEvent({ type: "trained", ...result });
  return result;
}

export function describeTrained(result: TrainResult): string {
  const { architecture, parameters, flops, epochs } = result;
  const { validationError, testError, testTop5Error, checkpoint } = result;
  return [
    `${describeTest({ testError, testTop5Error, classes: architecture.classes })}, validation error ${formatPercent(validationError)}`,
    `after ${formatEpochs(epochs)}; ${formatCount(parameters)} parameters, ${formatCount(flops)} multiply-adds an image`,
    `checkpoint ${checkpoint}`,
  ].join("\n");
}

/** Of five classes or fewer, the truth is always among the first five. */
function describeTest({
  testError,
  testTop5Error,
  classes,
}: Pick<TrainResult, "testError" | "testTop5Error"> & Pick<Architecture, "classes">): string {
  const top5 = classes > 5 ? ` (top-5 ${formatPercent(testTop5Error)})` : "";
  return `test error ${formatPercent(testError)}${top5}`;
}

export async function evaluateCheckpoint({ checkpoint, data, ...flags }: EvalFlags, context: CommandContext) {
  const { architecture } = await readNetworkFacts(checkpoint);
  requireSameSize(flags, architecture);
  const imageSize = architecture.input.size;
  await openDataset(data, context, imageSize);
  const { threads, device, precision } = context.common;
  const score = await startJob(
    {
      kind: "eval",
      checkpoint,
      dataset: data,
      imageSize,
      dataDir: dataDirOf(context),
      threads,
      device: resolveDevice(device),
      precision,
    },
    jobOptions(context),
  );
  const { error: testError, top5Error: testTop5Error, loss, confusion, unfinished } = score;
  noteUnfinished(context.progress, { checkpoint, unfinished });
  return {
    json: { testError, testTop5Error, loss, confusion, ...unfinished },
    text: `${describeTest({ testError, testTop5Error, classes: architecture.classes })}, loss ${formatLoss(loss)}`,
  };
}

/** Before all images are made of a size that the network does not take. */
function requireSameSize({ imageSize }: ImageSizeFlag, { input }: Architecture): void {
  if (imageSize === undefined || imageSize === input.size) return;
  throw new SmashError("usage", {
    rule: "The images must have the size that the network is for.",
    found: `--image-size ${imageSize}, a network for ${input.size} pixels.`,
    fix: `leave it out, or make it ${input.size}.`,
  });
}

function checkFits({ input, classes }: Architecture, dataset: DatasetInfo): void {
  const { name, channels, size } = dataset;
  if (input.channels === channels && input.size === size && classes === dataset.classes.length) return;
  throw new SmashError("architecture", {
    rule: "The architecture must be for images and classes like the data set's.",
    found: `${input.channels} x ${input.size} x ${input.size} and ${classes} classes; ${name} has ${channels} x ${size} x ${size} and ${dataset.classes.length}.`,
    fix: "change `input` and `classes` in the architecture file, or use another data set.",
  });
}
