export type { Trial, TrialOrigin } from "./trial.js";
