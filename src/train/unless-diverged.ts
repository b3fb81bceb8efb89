/** One candidate whose training diverges must not end the work on all of them: training is deterministic, and diverges again. */

import { isSmashError } from "../errors.js";

/** What `train` gives, or `otherwise` where the training diverges. */
export function unlessDiverged<Result>(train: () => Result, otherwise: Result): Result {
  try {
    return train();
  } catch (error) {
    if (isSmashError(error, "diverged")) return otherwise;
    throw error;
  }
}
