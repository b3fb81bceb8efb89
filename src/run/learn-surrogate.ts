/**
 * What a run's surrogate learns from: random architectures of the space, each trained reduced and briefly, and scored with
 * generated weights as trials are. They lie in the run's folder, so that nothing is trained twice.
 */

import { z } from "zod";
import { createSpace, reduceArchitecture, type Architecture } from "../arch/index.js";
import type { RunConfig } from "../config/index.js";
import { channelStatistics, resizeSet, stepsPerEpoch } from "../data/index.js";
import { SmashError } from "../errors.js";
import { replaceFile } from "../files.js";
import { Random } from "../random.js";
import { scoreUntrained } from "../rank/index.js";
import { fitSurrogate, type Surrogate, type SurrogateExample } from "../search/index.js";
import { inFile, parseJson, readIfThere, type RunFolder } from "../store/index.js";
import type { ImageSource } from "../train/index.js";
import { BriefTrainings, briefly } from "./brief-trainings.js";
import type { JobContext } from "./events.js";
import { architectureFact, measured } from "./facts.js";
import { runPhase } from "./phase.js";
import { computeType, type RunData, type ScoringSetup } from "./prepare.js";
import type { SearchJob } from "./search-job.js";
import { interrupted } from "./stop.js";

const examplesSchema = z.strictObject({
  examples: z.array(
    z.strictObject({
      architecture: architectureFact,
      reducedError: measured,
      validationLoss: measured,
      naswot: measured,
    }),
  ),
});

/** The examples of a run, oldest first; none where it has no surrogate yet. Throws `SmashError("config")` for a damaged file. */
export async function readExamples({ surrogatePath }: RunFolder): Promise<readonly SurrogateExample[]> {
  const text = await readIfThere(surrogatePath);
  if (text === undefined) return [];
  return inFile(surrogatePath, () => {
    const parsed = examplesSchema.safeParse(parseJson(text, surrogatePath));
    if (parsed.success) return parsed.data.examples;
    const [{ path, message }] = parsed.error.issues;
    throw new SmashError("config", {
      rule: `${surrogatePath} must hold what the run's surrogate learns from.`,
      found: `${path.join(".")}: ${message}.`,
      fix: "restore the file, or remove it: its networks are then trained anew.",
    });
  });
}

/** The run's surrogate, fitted to all its examples; those that are missing are trained and kept first. */
export async function learnSurrogate(
  job: SearchJob,
  { network, data, scoring }: ScoringSetup,
  context: JobContext,
): Promise<Surrogate> {
  const { folder, config } = job;
  const { networks } = config.ranking.surrogate;
  const examples = [...(await readExamples(folder))];
  if (examples.length < networks) {
    const { epochs, batchSize } = config.ranking.surrogate;
    const steps = epochs * stepsPerEpoch({ count: data.train.set.count, batchSize });
    const { emit, shouldStop } = context;
    const done = () => examples.length * steps;
    const work = async () => {
      const trainings = await prepareTrainings(job, data);
      while (examples.length < networks) {
        if (shouldStop())
          throw interrupted(`after ${examples.length} of the surrogate's ${networks} networks`);
        const item = examples.length;
        const architecture = drawExample(config, item);
        const before = done();
        const tell = (step: number) => emit({ type: "surrogate-step", step: before + step });
        const reduced = reduceArchitecture(architecture, config.ranking.surrogate);
        const { validationError: reducedError } = await trainings.train(reduced, item, { tell, shouldStop });
        const { validationLoss, naswot = NaN } = scoreUntrained(network, architecture, {
          ...{ scoring, batchNorm: config.ranking.batchNorm, computeType: computeType(config) },
          ...{ rankedBy: "predicted", seed: config.seed },
        });
        examples.push({ architecture, reducedError, validationLoss, naswot });
        await replaceFile(folder.surrogatePath, `${JSON.stringify({ examples }, null, 2)}\n`);
        emit({ type: "surrogate-network", step: done(), error: reducedError });
      }
      await trainings.clear();
    };
    await runPhase({ phase: "surrogate", done: done(), total: networks * steps }, work, context);
  }
  return fitSurrogate(examples.slice(0, networks));
}

/** No trial is among them but by chance: each has a stream of random numbers of its own. */
function drawExample({ space, seed }: RunConfig, item: number): Architecture {
  return createSpace(space).sample(Random.stream(seed, "surrogate", item));
}

async function prepareTrainings(
  { folder, config, dataset }: SearchJob,
  data: RunData,
): Promise<BriefTrainings> {
  const { surrogate } = config.ranking;
  const { input } = reduceArchitecture(drawExample(config, 0), surrogate);
  const reduce = async ({ set, size, ...source }: ImageSource): Promise<ImageSource> => {
    const smaller = await resizeSet(set, { channels: input.channels, from: size, to: input.size });
    const statistics = channelStatistics(smaller, input.channels);
    return { ...source, set: smaller, size: input.size, statistics };
  };
  const train = await reduce(data.train);
  const { statistics } = train;
  const images = { train, validation: { ...(await reduce(data.validation)), statistics } };
  const brief = briefly(config, surrogate.epochs);
  const networkTraining = { ...brief.networkTraining, batchSize: surrogate.batchSize };
  const job = { config: { ...brief, networkTraining }, dataset, path: folder.reducedPath };
  return new BriefTrainings({ ...job, whose: "a reduced network's" }, images);
}
