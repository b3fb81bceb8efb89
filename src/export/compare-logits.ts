/** How far the answers of a file are from those of the network it was made of. */

export interface Comparison {
  /** Images compared. */
  readonly images: number;
  /** Largest difference in a logit. */
  readonly maxAbsDifference: number;
  /** Largest logit, so that the difference can be judged. */
  readonly maxAbsLogit: number;
  /** Images whose most probable class is another. */
  readonly differentClasses: number;
}

/** Both [images, classes]. */
export function compareLogits(own: Float32Array, theirs: Float32Array, classes: number): Comparison {
  const [ownClasses, theirClasses] = [mostProbable(own, classes), mostProbable(theirs, classes)];
  return {
    images: own.length / classes,
    maxAbsDifference: own.reduce((most, value, index) => Math.max(most, Math.abs(value - theirs[index])), 0),
    maxAbsLogit: own.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
    differentClasses: ownClasses.filter((value, index) => value !== theirClasses[index]).length,
  };
}

/** Fraction of images classified wrongly. */
export function errorOf(logits: Float32Array, labels: Uint16Array, classes: number): number {
  const wrong = mostProbable(logits, classes).filter((value, index) => value !== labels[index]);
  return wrong.length / labels.length;
}

/** The class with the largest logit, for each image. */
function mostProbable(logits: Float32Array, classes: number): readonly number[] {
  return Array.from({ length: logits.length / classes }, (_, image) => {
    const row = logits.subarray(image * classes, (image + 1) * classes);
    return row.indexOf(row.reduce((most, value) => Math.max(most, value), -Infinity));
  });
}
