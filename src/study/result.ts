/** What a study gives: the document on disk and on stdout. */

import type { CorruptionEffect } from "./corruption.js";
import type { ComparisonDocument } from "./document.js";
import type { MoveComparison } from "./move-document.js";
import type { HyperNetSummary } from "./summarize.js";

/** A study's document, as `smash study --json` prints it. */
export interface StudyResult extends ComparisonDocument {
  /** Scored with generated weights, by one HyperNet. */
  readonly architecturesPerMinute: number;
  /** True errors by training seed, whose means are `truths`; null where they come from a table. */
  readonly truthsBySeed: readonly (readonly number[])[] | null;
  /** Mean Spearman between seeds of normal training; null where truths have one seed only. */
  readonly seedCeiling: number | null;
  /** Spearman that a perfect predictor is expected to reach with truths as noisy as these; null as above. */
  readonly attainable: number | null;
  /** Trainings, of all seeds, that diverged and count as chance level; null where the study trains no network. */
  readonly diverged: number | null;
  /** Share of the architectures whose loss is lower with the right encoding; null but in the study of corrupted ones. */
  readonly rightIsBetter: number | null;
  /** What wrong encodings cost; null but in the study of corrupted ones. */
  readonly corruption: readonly CorruptionEffect[] | null;
  /** The HyperNets that scored, by variant. */
  readonly hypernets: readonly HyperNetSummary[];
  /** Mean Spearman between the losses by different HyperNets; null where there is one. */
  readonly betweenHyperNets: number | null;
  /** Moves along dE/dc against random ones; null but in the study of that gradient. */
  readonly moves: MoveComparison | null;
  /** SVG files. */
  readonly figures: readonly string[];
}
