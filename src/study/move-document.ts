/**
 * Moves along dE/dc compared with random ones. Intervals resample the starts: moves of one chain depend on each other.
 *
 * As a comparison of the contract, the predicted changes of the random moves are the scores, and what then happened to
 * the loss the truths: moves that the gradient did not choose say what its predictions are worth.
 */

import { Random } from "../random.js";
import { moveKinds, type MoveKind } from "../search/index.js";
import { estimateMean, mean, type Estimate } from "../statistics/index.js";
import type { Bench } from "./bench.js";
import { compare, type ComparisonDocument } from "./document.js";
import { moveMeasure } from "./measure-moves.js";
import type { StudyRequest } from "./request.js";

/** Of one kind of move, over the starts. */
export interface KindOfMove {
  /** Change of the loss from the start to the end of each chain, nats. */
  readonly changes: readonly number[];
  readonly loss: Estimate;
  /** Change of the error, a fraction. */
  readonly error: Estimate;
  /** Mean change of the loss after 1, 2, … moves. */
  readonly byMove: readonly Estimate[];
  /** Share of the starts whose loss is lower at the end. */
  readonly improved: number;
  /** Mean share of the entries of c that a move changes. */
  readonly changedShare: number;
  /** Of every move, start by start: first-order prediction and real change of the loss, nats. */
  readonly predicted: readonly number[];
  readonly actual: readonly number[];
}

/** How much better gradient moves end than others, from the same starts; negative is better. */
export interface Contrast {
  readonly loss: Estimate;
  readonly error: Estimate;
  /** Share of the starts where gradient moves end at the lower loss; a tie counts half. */
  readonly isBetter: Estimate;
}

/** The result of the study of moves along dE/dc. */
export interface MoveComparison {
  readonly starts: number;
  /** In each chain. */
  readonly length: number;
  /** Perturbations among which a move is chosen. */
  readonly candidates: number;
  /** Nats. */
  readonly startLosses: readonly number[];
  readonly kinds: Readonly<Record<MoveKind, KindOfMove>>;
  readonly against: Readonly<Record<Exclude<MoveKind, "gradient">, Contrast>>;
}

export function summarizeMoves(
  { request }: { readonly request: StudyRequest },
  { table, architectures }: Bench,
): ComparisonDocument & { readonly moves: MoveComparison } {
  const { config, moves: length = 0, candidates = 0 } = request;
  const { seed } = config;
  const starts = architectures.length;
  const steps = Array.from({ length }, (_, move) => move);
  const column = (name: string) => table.column(name, starts);

  const estimate = (values: readonly number[]) =>
    estimateMean(values, { random: Random.stream(seed, "bootstrap", "moves") });
  /** Change from the start to after `move`, of every start. */
  const changes = (kind: MoveKind, move: number, measure: "loss" | "error") => {
    const before = column(`start.${measure}`);
    return column(moveMeasure(kind, move, measure)).map((value, start) => value - before[start]);
  };
  /** Every move's value, start by start. */
  const each = (kind: MoveKind, measure: "predicted" | "changed" | "parameters") => {
    const columns = steps.map((move) => column(moveMeasure(kind, move, measure)));
    return architectures.flatMap((_, start) => columns.map((values) => values[start]));
  };
  const actual = (kind: MoveKind) => {
    const columns = [column("start.loss"), ...steps.map((move) => column(moveMeasure(kind, move, "loss")))];
    return architectures.flatMap((_, start) =>
      steps.map((move) => columns[move + 1][start] - columns[move][start]),
    );
  };

  const describeKind = (kind: MoveKind): KindOfMove => {
    const losses = changes(kind, length - 1, "loss");
    return {
      changes: losses,
      loss: estimate(losses),
      error: estimate(changes(kind, length - 1, "error")),
      byMove: steps.map((move) => estimate(changes(kind, move, "loss"))),
      improved: losses.filter((change) => change < 0).length / starts,
      changedShare: mean(each(kind, "changed")),
      predicted: each(kind, "predicted"),
      actual: actual(kind),
    };
  };
  const contrast = (other: MoveKind): Contrast => {
    const differences = (measure: "loss" | "error") => {
      const others = changes(other, length - 1, measure);
      return changes("gradient", length - 1, measure).map((change, start) => change - others[start]);
    };
    const losses = differences("loss");
    return {
      loss: estimate(losses),
      error: estimate(differences("error")),
      isBetter: estimate(losses.map((difference) => (1 - Math.sign(difference)) / 2)),
    };
  };

  const added = each("random", "parameters");
  const names = architectures.flatMap((_, start) => steps.map((move) => `start ${start}, move ${move + 1}`));
  const comparison = compare({
    study: request.study,
    names,
    truths: actual("random"),
    predictors: [{ name: "gradient", values: each("random", "predicted") }],
    baselines: [{ name: "parameters added", values: added.map((count) => -count) }],
    parameters: added,
    seed,
    clusters: architectures.flatMap((_, start) => steps.map(() => start)),
  });
  const kinds = Object.fromEntries(moveKinds.map((kind) => [kind, describeKind(kind)]));
  return {
    ...comparison,
    moves: {
      starts,
      length,
      candidates,
      startLosses: column("start.loss"),
      kinds: kinds as Record<MoveKind, KindOfMove>,
      against: { random: contrast("random"), opposite: contrast("opposite") },
    },
  };
}
