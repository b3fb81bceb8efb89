/** The work of `smash study`. */

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { RunConfig } from "../../../config/index.js";
import { SmashError } from "../../../errors.js";
import { checkOutputFolder } from "../../../files.js";
import { unknownName } from "../../../nearest.js";
import { findProxy, type ProxyName } from "../../../rank/index.js";
import { RunFolder } from "../../../store/index.js";
import {
  judgedBy,
  parseTable,
  readTrainedTruths,
  startStudy,
  studyNames,
  type StudyName,
  type StudyRequest,
} from "../../../study/index.js";
import { dataDirOf } from "../../data-dir.js";
import { describeStudy } from "../../describe-study.js";
import type { CommandContext } from "../../run-command.js";
import {
  applyGiven,
  configure,
  currentVersions,
  openDataset,
  readChanges,
  requireUsableSize,
} from "../../run-session.js";
import { showStudy } from "../../show-study.js";
import type { StudyFlags } from "../study.js";
import { checkStudyFlags } from "./study-flags.js";

export async function study(name: string, flags: StudyFlags, context: CommandContext) {
  const known = findStudy(name);
  const out = flags.out ?? `runs/study-${name}`;
  await checkOutputFolder(out);
  const request = await readRequest(known, flags, context);
  const { config } = request;
  const { size } = config.space.input;
  await openDataset(config.dataset, context, size);
  if (flags.to !== undefined) await openDataset(flags.to, context, size);
  const result = await startStudy(
    {
      request,
      out,
      versions: currentVersions(),
      dataDir: dataDirOf(context),
      threads: config.threads,
    },
    { signal: context.signal, onEvent: showStudy(context.progress) },
  );
  return { json: result, text: describeStudy(result) };
}

function findStudy(name: string): StudyName {
  const known = studyNames.find((candidate) => candidate === name);
  if (known) return known;
  throw unknownName("The study", name, studyNames);
}

async function readRequest(
  study: StudyName,
  flags: StudyFlags,
  context: CommandContext,
): Promise<StudyRequest> {
  const { run, seeds, proxies = defaultProxies(study) } = flags;
  checkStudyFlags(study, flags, context.common.given);
  const names = proxies.split(",").filter((proxy) => proxy !== "");
  const asked = change(await readConfig(flags, context), flags);
  const truths = flags.truths === undefined ? undefined : await readTrainedTruths(flags.truths, asked);
  if (truths && truths.transferTo !== flags.to) {
    throw new SmashError("usage", {
      rule: "Errors are taken from a study that trains on the same data (--to).",
      found: `--truths ${flags.truths}, trained on ${truths.transferTo ?? asked.dataset}.`,
      fix: "give the study that trained on this data, or leave out --truths.",
    });
  }
  if (truths && context.common.given.has("samples") && flags.samples > truths.samples) {
    throw new SmashError("usage", {
      rule: "With --truths, architectures are those that the earlier study has trained.",
      found: `--samples ${flags.samples}, and ${truths.samples} in ${flags.truths}.`,
      fix: `give --samples ${truths.samples} or fewer, or leave it out.`,
    });
  }
  const judged = judgedBy({ study, config: asked });
  if (flags.by !== undefined && flags.by !== judged) {
    throw new SmashError("usage", {
      rule: "A study that compares HyperNets judges what they say themselves: the loss, or the error.",
      found: `--by ${flags.by} for the study ${study}.`,
      fix: `leave it out, or give --by ${judged}.`,
    });
  }
  const samples = Math.min(flags.samples, truths?.samples ?? Infinity);
  if (study !== "gradient" && flags.table === undefined && samples < 3) {
    throw new SmashError("usage", {
      rule: "A correlation needs at least 3 architectures.",
      found: `${samples}.`,
      fix: "give a higher --samples; intervals of any use take 100.",
    });
  }
  return {
    study,
    config: truths ? { ...asked, networkTraining: truths.networkTraining } : asked,
    ...(truths && { trained: truths.errors.map((ofSeed) => ofSeed.slice(0, samples)) }),
    ...(run !== undefined && { run }),
    ...(flags.fineTuned && { fineTuned: true }),
    ...(flags.table !== undefined && { table: await readTable(flags.table, flags.limit) }),
    ...(flags.to !== undefined && { transferTo: flags.to }),
    ...(study === "gradient" && { moves: flags.moves ?? 3, candidates: flags.candidates ?? 16 }),
    samples,
    seeds,
    proxies: names.map((proxy): ProxyName => findProxy(proxy).name),
  };
}

/** Cheap ones; where every architecture is trained to its end anyway, also the beginning of a training. */
function defaultProxies(study: StudyName): string {
  return `parameters,flops,synflow,naswot${study === "correlation" ? ",short-training" : ""}`;
}

async function readConfig(flags: StudyFlags, context: CommandContext): Promise<RunConfig> {
  if (flags.run !== undefined) {
    const { config } = await new RunFolder(flags.run).requireConfig();
    refuseOthersThanOfRun(config, flags, context);
    return applyGiven(config, context, ["device", "threads"]);
  }
  requireUsableSize(flags.preset, flags.imageSize);
  const changes = await readChanges(flags.config);
  const dataset = await openDataset(flags.data, context, flags.imageSize);
  return configure({ preset: flags.preset, dataset, changes }, context);
}

/** What a run was made with is the run's; a flag that says something else would be ignored. */
function refuseOthersThanOfRun(config: RunConfig, flags: StudyFlags, { common }: CommandContext): void {
  const { run, data, preset, imageSize, config: file } = flags;
  const { size } = config.space.input;
  const other = [
    ...(common.given.has("data") && absolute(data) !== config.dataset ? [`--data ${data}`] : []),
    ...(common.given.has("preset") && preset !== config.preset ? [`--preset ${preset}`] : []),
    ...(imageSize !== undefined && imageSize !== size ? [`--image-size ${imageSize}`] : []),
    ...(file !== undefined ? [`--config ${file}`] : []),
  ];
  if (other.length === 0) return;
  throw new SmashError("usage", {
    rule: "With --run, data set, image size, preset and settings are the run's.",
    found: `${other.join(", ")}; ${run} has ${config.dataset}, ${size} pixels and the preset ${config.preset}.`,
    fix: "leave out these flags, or leave out --run to train a HyperNet with them.",
  });
}

/** A folder's name in a configuration has its absolute path. */
const absolute = (data: string) =>
  data.replace(/^folder:(.+)$/, (_, path: string) => `folder:${resolve(path)}`);

function change(config: RunConfig, { by, images, batchNorm, epochs }: StudyFlags): RunConfig {
  const { ranking, networkTraining } = config;
  return {
    ...config,
    ranking: {
      ...ranking,
      rankedBy: by ?? ranking.rankedBy,
      images: images ?? ranking.images,
      batchNorm: batchNorm ?? ranking.batchNorm,
    },
    networkTraining: { ...networkTraining, epochs: epochs ?? networkTraining.epochs },
  };
}

async function readTable(path: string, limit: number | undefined) {
  try {
    return parseTable(await readFile(path, "utf8"), limit);
  } catch (cause) {
    if (cause instanceof SmashError) throw cause;
    throw new SmashError("usage", {
      rule: `${path} must be a readable CSV file.`,
      found: `${String(cause)}.`,
      fix: "correct the path.",
      cause,
    });
  }
}
