export { attainableCorrelation, betterHalf, measureAgreement, seedCeiling } from "./agreement.js";
export type { Agreement, AgreementOptions, HalfAgreement, Numbers } from "./agreement.js";
export { estimateMean, interval95, quantile } from "./bootstrap.js";
export type { BootstrapOptions, Estimate, Interval } from "./bootstrap.js";
export { kendall, mean, partialSpearman, pearson, spearman } from "./correlation.js";
export type { Correlation } from "./correlation.js";
export { averageRanks, meanRanks, order } from "./ranks.js";
