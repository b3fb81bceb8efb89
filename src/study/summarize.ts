/** From a study's measurements to its document. */

import { countCost, formatCell, type Architecture } from "../arch/index.js";
import { countLearned, type LearnedParameters } from "../network/index.js";
import { rankingMeasures, takesNaswot, type RankedBy } from "../search/index.js";
import { mean, meanRanks } from "../statistics/index.js";
import type { Bench } from "./bench.js";
import { compare, ranked, type ComparisonDocument, type Predictor } from "./document.js";
import type { StudyRequest } from "./request.js";
import { scoreMeasure } from "./score-variants.js";
import { judgedBy, type Variant } from "./variants.js";

/** One HyperNet of a study. Scores of two HyperNets are not comparable, their agreement with the truth is. */
export interface HyperNetSummary {
  readonly name: string;
  readonly parameters: LearnedParameters;
  /** Means over the architectures, with generated weights: nats, and a fraction. */
  readonly meanLoss: number;
  readonly meanError: number;
}

export function summarizeComparison(
  { request, variants }: { readonly request: StudyRequest; readonly variants: readonly Variant[] },
  { table, architectures }: Bench,
  truths: readonly number[],
): ComparisonDocument {
  const column = (measure: string) => table.column(measure, architectures.length);
  const { config, proxies, study } = request;
  const isAlone = variants.length === 1;
  const measures = listMeasures(request, isAlone);
  const valuesOf = (variant: Variant, by: RankedBy) =>
    by === "loss+naswot"
      ? meanRanks([column(scoreMeasure(variant, "loss")), column("naswot")].map(ranked))
      : column(scoreMeasure(variant, by));
  const each = variants.flatMap((variant): Predictor[] =>
    measures.map((by) => ({
      name: isAlone ? by : `${variant.name} ${by}`,
      values: valuesOf(variant, by),
    })),
  );
  /** Scores of HyperNets that differ in nothing but the seed can be averaged. */
  const averaged = measures.map((by): Predictor => {
    const columns = variants.map((variant) => valuesOf(variant, by));
    return {
      name: `mean ${by}`,
      values: architectures.map((_, item) => mean(columns.map((of) => of[item]))),
    };
  });
  return compare({
    study,
    names: architectures.map(describe),
    truths,
    predictors: study === "seeds" ? [...averaged, ...each] : each,
    baselines: proxies.map((name): Predictor => ({ name, values: column(name) })),
    parameters: architectures.map((architecture) => countCost(architecture).parameters),
    seed: config.seed,
  });
}

/** The headline first. */
function listMeasures(request: StudyRequest, isAlone: boolean): readonly RankedBy[] {
  const headline = judgedBy(request);
  const hasNaswot = takesNaswot(headline) || request.proxies.includes("naswot");
  return rankingMeasures
    .filter((by) => by === headline || !takesNaswot(by) || (by === "loss+naswot" && isAlone && hasNaswot))
    .toSorted((one, other) => Number(other === headline) - Number(one === headline));
}

/** The HyperNets that were told the truth. */
export function summarizeHyperNets(
  variants: readonly Variant[],
  { table, architectures }: Bench,
): readonly HyperNetSummary[] {
  return variants
    .filter(({ corruption }) => !corruption)
    .map((variant) => ({
      name: variant.name,
      parameters: countLearned(variant.config),
      meanLoss: mean(table.column(scoreMeasure(variant, "loss"), architectures.length)),
      meanError: mean(table.column(scoreMeasure(variant, "error"), architectures.length)),
    }));
}

function describe(architecture: Architecture, item: number): string {
  return architecture.space === "nas-bench-201" ? formatCell(architecture.cell) : `sample ${item}`;
}
