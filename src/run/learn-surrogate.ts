/**
 * What a run's surrogate learns from: random architectures of the space, each trained reduced and briefly, and scored with
 * generated weights as trials are. They lie in the run's folder, so that nothing is trained twice.
 */

import { functionKey, reduceArchitecture } from "../arch/index.js";
import { channelStatistics, resizeSet, selectImages, stepsPerEpoch } from "../data/index.js";
import { scoreUntrained } from "../rank/index.js";
import { fitSurrogate, usableExamples, type Surrogate, type SurrogateExample } from "../search/index.js";
import { BriefTrainings, briefly, wholeEpochs } from "./brief-trainings.js";
import type { JobContext } from "./events.js";
import { runPhase } from "./phase.js";
import { computeType, type RunData, type ScoringSetup } from "./prepare.js";
import type { SearchJob } from "./search-job.js";
import { interrupted } from "./stop.js";
import { completeExamples, drawExample, readExamples, writeExamples } from "./surrogate-examples.js";

/**
 * The run's surrogate, fitted to all its examples; those that are missing are trained and kept first. Architectures whose
 * keys are in `without` are not learned from: those it is to be judged by.
 */
export async function learnSurrogate(
  job: SearchJob,
  { without = new Set(), ...setup }: ScoringSetup & { readonly without?: ReadonlySet<string> },
  context: JobContext,
): Promise<Surrogate> {
  const examples = await trainExamples(job, setup, context);
  return fitSurrogate(examples.filter(({ architecture }) => !without.has(functionKey(architecture))));
}

/** The examples of the run, those that are missing trained first. */
async function trainExamples(
  job: SearchJob,
  { network, data, scoring }: ScoringSetup,
  { emit, shouldStop, now }: JobContext,
): Promise<readonly SurrogateExample[]> {
  const { folder, config } = job;
  const { ranking, seed } = config;
  const { networks } = ranking.surrogate;
  const examples = [...(await readExamples(folder, config))];
  const complete = () => completeExamples(examples, networks);
  const usable = () => usableExamples(examples).length;
  const { epochs, steps, images } = trainingLength(job, data);
  const done = () => usable() * steps;
  const work = async () => {
    const stopOnRequest = () => {
      if (shouldStop()) throw interrupted("while the surrogate's images were made smaller");
    };
    const trainings = await prepareTrainings(job, { data, epochs, images, stopOnRequest });
    while (!complete()) {
      if (shouldStop()) throw interrupted(`after ${usable()} of the surrogate's ${networks} networks`);
      const item = examples.length;
      const architecture = drawExample(config, item);
      const before = done();
      const tell = (step: number) => emit({ type: "surrogate-step", step: before + step });
      const reduced = reduceArchitecture(architecture, ranking.surrogate);
      const { validationError: reducedError } = await trainings.train(reduced, item, { tell, shouldStop });
      const { validationLoss, naswot = NaN } = scoreUntrained(network, architecture, {
        ...{ scoring, batchNorm: ranking.batchNorm, computeType: computeType(config) },
        ...{ rankedBy: "predicted", seed },
      });
      examples.push({ architecture, reducedError, validationLoss, naswot });
      // What a stop may have left goes first: after the last example nobody comes back for it.
      await trainings.clear();
      await writeExamples(folder, examples);
      emit({ type: "surrogate-network", step: done(), error: reducedError });
    }
  };
  const total = networks * steps;
  const phase = { phase: "surrogate", done: complete() ? total : done(), total } as const;
  await runPhase(phase, work, { emit, shouldStop, now });
  return complete()!;
}

/** Whole epochs, and at least as many steps as asked for; a large set gives only the images that these see. */
function trainingLength({ config }: SearchJob, { train }: RunData) {
  const { steps: least, batchSize } = config.ranking.surrogate;
  const images = Math.min(train.set.count, least * batchSize);
  const perEpoch = stepsPerEpoch({ count: images, batchSize });
  const epochs = wholeEpochs(least, perEpoch);
  return { epochs, steps: epochs * perEpoch, images };
}

interface Preparation {
  readonly data: RunData;
  readonly epochs: number;
  readonly images: number;
  readonly stopOnRequest: () => void;
}

/** Trainings of reduced networks, on reduced images. */
async function prepareTrainings(
  { folder, config, dataset }: SearchJob,
  { data, epochs, images, stopOnRequest }: Preparation,
): Promise<BriefTrainings> {
  const { surrogate } = config.ranking;
  const { channels, size } = reduceArchitecture(drawExample(config, 0), surrogate).input;
  const resize = { channels, from: data.train.size, to: size };
  const all = data.train.set;
  // From all over the set: nothing says that its order means nothing.
  const places = Array.from({ length: images }, (_, place) => Math.floor((place * all.count) / images));
  const train = await resizeSet(images < all.count ? selectImages(all, places) : all, resize, stopOnRequest);
  const validation = await resizeSet(data.validation.set, resize, stopOnRequest);
  const source = { size, statistics: channelStatistics(train, channels), device: config.device };
  const { networkTraining, ...brief } = briefly(config, epochs);
  const job = {
    config: {
      ...brief,
      networkTraining: {
        ...networkTraining,
        batchSize: surrogate.batchSize,
        // A part of the image, not a number of pixels.
        cutout: Math.round(((networkTraining.cutout ?? 0) * size) / resize.from),
      },
    },
    dataset,
    path: folder.reducedPath,
    whose: "a reduced network's",
  };
  return new BriefTrainings(job, {
    train: { ...source, set: train },
    validation: { ...source, set: validation },
  });
}
