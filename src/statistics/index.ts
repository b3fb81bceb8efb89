export { betterHalf, measureAgreement, seedCeiling } from "./agreement.js";
export type { Agreement, AgreementOptions, HalfAgreement, Numbers } from "./agreement.js";
export { interval95, quantile } from "./bootstrap.js";
export type { BootstrapOptions, Interval } from "./bootstrap.js";
export { kendall, partialSpearman, pearson, spearman } from "./correlation.js";
export type { Correlation } from "./correlation.js";
export { averageRanks } from "./ranks.js";
