/** What a study gives: the document on disk and on stdout. */

import type { ComparisonDocument } from "./document.js";
import type { MoveComparison } from "./move-document.js";

/** A study's document, as `smash study --json` prints it. */
export interface StudyResult extends ComparisonDocument {
  /** Scored with generated weights, by one HyperNet. */
  readonly architecturesPerMinute: number;
  /** Mean Spearman between seeds of normal training; null where truths have one seed only. */
  readonly seedCeiling: number | null;
  /** Share of the architectures whose loss is lower with the right encoding; null but in the study of corrupted ones. */
  readonly rightIsBetter: number | null;
  /** Moves along dE/dc against random ones; null but in the study of that gradient. */
  readonly moves: MoveComparison | null;
  /** SVG files. */
  readonly figures: readonly string[];
}
