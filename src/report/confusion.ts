/** What a confusion matrix says, in numbers: which classes are hard, and which are taken for which. */

import type { TestDetails } from "./report-data.js";

type Confusion = TestDetails["confusion"];

export interface ClassError {
  /** Class. */
  readonly label: number;
  readonly images: number;
  /** Fraction of the class's images classified wrongly; NaN without images. */
  readonly error: number;
}

/** Of every class, in the order of the data set. */
export function classErrors(confusion: Confusion): readonly ClassError[] {
  return confusion.map((row, label) => {
    const images = imagesOf(row);
    return { label, images, error: images === 0 ? NaN : (images - row[label]) / images };
  });
}

export interface ConfusedPair {
  /** Classes. */
  readonly truth: number;
  readonly prediction: number;
  readonly images: number;
  /** `images` as a fraction of the true class's images. */
  readonly share: number;
}

/** The pairs of different classes by number of images, most first; of equal ones the first of the data set. */
export function confusedPairs(confusion: Confusion): readonly ConfusedPair[] {
  return confusion
    .flatMap((row, truth) => {
      const all = imagesOf(row);
      return row.map((images, prediction) => ({ truth, prediction, images, share: images / all }));
    })
    .filter(({ truth, prediction, images }) => truth !== prediction && images > 0)
    .toSorted((one, other) => other.images - one.images);
}

function imagesOf(row: readonly number[]): number {
  return row.reduce((sum, images) => sum + images, 0);
}
