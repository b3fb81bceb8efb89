export { rankArchitectures } from "./rank-architectures.js";
export type { RankOptions, TrialEvent } from "./rank-architectures.js";
