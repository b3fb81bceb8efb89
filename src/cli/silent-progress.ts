/** Progress for --quiet. */

import type { Progress } from "./progress.js";

export const silentProgress: Progress = {
  start: () => undefined,
  update: () => undefined,
  stop: () => undefined,
  log: () => undefined,
};
