export {
  attainableCorrelation,
  betterHalf,
  groupPositions,
  measureAgreement,
  seedCeiling,
} from "./agreement.js";
export type { Agreement, AgreementOptions, HalfAgreement } from "./agreement.js";
export { estimateMean, interval95, quantile } from "./bootstrap.js";
export type { Estimate, Interval } from "./bootstrap.js";
export { mean, spearman } from "./correlation.js";
export type { Numbers } from "./correlation.js";
export { meanRanks, order } from "./ranks.js";
export { fitRidge } from "./ridge.js";
export type { Ridge } from "./ridge.js";
