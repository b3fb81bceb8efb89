/**
 * A surrogate: a linear model that predicts the error of a trained network from what is known without training it (a
 * performance predictor, White et al. 2021). It learns from few networks that were trained, reduced and briefly, and so
 * from what a score with shared weights cannot see.
 */

import { architectureFeatures, type Architecture } from "../arch/index.js";
import { SmashError } from "../errors.js";
import { fitRidge } from "../statistics/index.js";
import type { Trial } from "./trial.js";

/** What a surrogate predicts from. */
export type Untrained = Pick<Trial, "architecture" | "validationLoss" | "naswot">;

/** A network that a surrogate learns from. */
export interface SurrogateExample extends Untrained {
  /** Error of the reduced network on held-out images after its training, a fraction; NaN where that diverged. */
  readonly reducedError: number;
}

/** A fitted model of errors. */
export interface Surrogate {
  /** Error that the reduced network would have, a fraction; infinite where generated weights give no finite loss. */
  readonly predict: (untrained: Untrained) => number;
  /** The usable examples, each with what a model with weights from the others says of it. */
  readonly checks: readonly {
    readonly architecture: Architecture;
    readonly error: number;
    readonly predicted: number;
  }[];
}

/** Fewest examples that a surrogate is fitted to. */
export const leastExamples = 8;

/** Those with finite numbers. */
export function usableExamples(examples: readonly SurrogateExample[]): readonly SurrogateExample[] {
  return examples.filter((example) => [example.reducedError, ...features(example)].every(Number.isFinite));
}

/**
 * Fits the costs and choices of an architecture, its loss with generated weights and NASWOT to errors after training.
 * Throws `SmashError("config")` where too few of the examples are usable.
 */
export async function fitSurrogate(examples: readonly SurrogateExample[]): Promise<Surrogate> {
  const usable = usableExamples(examples);
  if (usable.length < leastExamples) {
    throw new SmashError("config", {
      rule: `A surrogate learns from at least ${leastExamples} networks whose training and generated weights give finite numbers.`,
      found: `${usable.length} of ${examples.length}.`,
      fix: "search anew, with another --out: with a lower networkTraining.rate, or by another measure, --by loss.",
    });
  }
  const model = await fitRidge(
    usable.map(features),
    usable.map(({ reducedError }) => reducedError),
  );
  return {
    predict: (untrained) => {
      const row = features(untrained);
      return row.every(Number.isFinite) ? model.predict(row) : Infinity;
    },
    checks: usable.map(({ architecture, reducedError }, index) => ({
      ...{ architecture, error: reducedError, predicted: model.leftOut[index] },
    })),
  };
}

function features({ architecture, validationLoss, naswot = NaN }: Untrained): number[] {
  // Losses with generated weights have a long tail.
  return [...Object.values(architectureFeatures(architecture)), Math.log(validationLoss), naswot];
}
