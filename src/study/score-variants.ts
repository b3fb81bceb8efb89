/** Measures every architecture with generated weights, by every HyperNet of a study, and by the baselines. */

import { corruptArchitecture, functionKey, type Architecture } from "../arch/index.js";
import { Random } from "../random.js";
import { findProxy, type ProxyName } from "../rank/index.js";
import {
  completeExamples,
  computeType,
  learnSurrogate,
  prepareProxyBatch,
  readExamples,
  type ScoringSetup,
} from "../run/index.js";
import { takesNaswot } from "../search/index.js";
import { RunFolder } from "../store/index.js";
import { evaluateFineTuned, evaluateGenerated } from "../train/index.js";
import type { Bench } from "./bench.js";
import type { StudyContext } from "./events.js";
import type { StudyJob, StudyRequest } from "./request.js";
import { hypernetOf, judgedBy, type Variant } from "./variants.js";

/** Names of the measurements that `scoreVariant` makes. */
export function scoreMeasure(
  { name }: Variant,
  measure: "loss" | "error" | "seconds" | "elements" | "predicted",
): string {
  return `${name}.${measure}`;
}

/** Loss and error of every architecture, with generated weights or fine-tuned ones. */
export async function scoreVariant(
  { table, architectures }: Bench,
  {
    trained,
    variant,
    fineTuned = false,
  }: { readonly trained: ScoringSetup; readonly variant: Variant } & Pick<StudyRequest, "fineTuned">,
  context: StudyContext,
): Promise<void> {
  const { config, corruption } = variant;
  const options = { batchNorm: config.ranking.batchNorm, computeType: computeType(config) };
  const evaluate = fineTuned ? evaluateFineTuned : evaluateGenerated;
  const measures = ["loss", "error", "seconds", ...(corruption ? (["elements"] as const) : [])] as const;
  await table.measure(
    architectures,
    {
      label: `scoring (${variant.name})`,
      names: measures.map((measure) => scoreMeasure(variant, measure)),
      run: (architecture, item) => {
        const start = context.now();
        const { describedAs, elements } = describe(architecture, variant, item);
        const { loss, error } = evaluate(trained.network, architecture, trained.scoring, {
          ...options,
          describedAs,
        });
        const values = { loss, error, seconds: (context.now() - start) / 1000, elements };
        return Object.fromEntries(
          measures.map((measure) => [scoreMeasure(variant, measure), values[measure]]),
        );
      },
    },
    context,
  );
}

/** What the HyperNet is told, and in how many elements that is wrong. */
function describe(
  architecture: Architecture,
  { config, corruption }: Variant,
  item: number,
): { readonly describedAs?: Architecture; readonly elements: number } {
  if (!corruption) return { elements: 0 };
  const random = Random.stream(config.seed, "corrupt", item);
  const { architecture: describedAs, elements } = corruptArchitecture(architecture, config.space, {
    ...corruption,
    random,
  });
  return { describedAs, elements };
}

/** What the surrogate of a variant's HyperNet expects of every architecture; of a run that has one, the run's. */
export async function predictVariant(
  { request }: StudyJob,
  {
    bench: { folder, dataset, table, architectures },
    trained,
    variant,
  }: { readonly bench: Bench; readonly trained: ScoringSetup; readonly variant: Variant },
  context: StudyContext,
): Promise<void> {
  const { config } = variant;
  const home = (await runWithSurrogate(request)) ?? folder.run(hypernetOf(variant));
  const without = new Set(architectures.map(functionKey));
  const surrogate = await learnSurrogate({ folder: home, config, dataset }, { ...trained, without }, context);
  const column = (measure: string) => table.column(measure, architectures.length);
  const [losses, naswots] = [column(scoreMeasure(variant, "loss")), column("naswot")];
  const name = scoreMeasure(variant, "predicted");
  const run = (architecture: Architecture, item: number) => {
    const known = { architecture, validationLoss: losses[item], naswot: naswots[item] };
    return { [name]: surrogate.predict(known) };
  };
  await table.measure(architectures, { label: "predicting", names: [name], run }, context);
}

/** The run that the study is about, where it has a surrogate whose examples were scored as the study's architectures are. */
async function runWithSurrogate({ run, config }: StudyRequest): Promise<RunFolder | undefined> {
  if (run === undefined) return undefined;
  const folder = new RunFolder(run);
  const own = (await folder.requireConfig()).config;
  const { images, batchNorm, surrogate } = config.ranking;
  const isSame = own.ranking.images === images && own.ranking.batchNorm === batchNorm;
  return isSame && completeExamples(await readExamples(folder, own), surrogate.networks) ? folder : undefined;
}

/** The baselines, and what takes part in the score. */
function listProxies(request: StudyRequest): readonly ProxyName[] {
  const { proxies } = request;
  return takesNaswot(judgedBy(request)) ? [...new Set([...proxies, "naswot" as const])] : proxies;
}

export async function scoreBaselines(
  request: StudyRequest,
  { bench, trained }: { readonly bench: Bench; readonly trained: ScoringSetup },
  context: StudyContext,
): Promise<void> {
  const { config } = request;
  const data = {
    train: trained.data.train,
    batch: prepareProxyBatch(trained.data),
    validation: trained.scoring.validation,
    networkTraining: config.networkTraining,
    seed: config.seed,
    computeType: computeType(config),
  };
  for (const name of listProxies(request)) {
    const proxy = findProxy(name);
    const run = (architecture: Architecture) => {
      const start = context.now();
      const value = proxy.score(architecture, data);
      return { [name]: value, [`${name}.seconds`]: (context.now() - start) / 1000 };
    };
    await bench.table.measure(
      bench.architectures,
      { label: name, names: [name, `${name}.seconds`], run },
      context,
    );
  }
}
