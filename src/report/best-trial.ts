/** The trial a report is about. */

import { rankTrials, type Trial } from "../search/index.js";
import type { ReportData } from "./report-data.js";

/** The run's choice, or the leader so far. */
export function bestTrial(data: ReportData): Trial | undefined {
  return data.best ?? rankTrials(data.trials, data.rankedBy)[0];
}
