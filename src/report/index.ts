export type { EpochPoint, ReportData, RunStatus, StepPoint, TrainedNetwork } from "./report-data.js";
export type { Figure } from "./draw-figure.js";
export { renderFigures } from "./figures.js";
export { formatCount, formatDuration, formatInteger, formatLoss, formatPercent } from "./format.js";
export { renderReport } from "./html.js";
export { formatTrialTable } from "./table.js";
export type { TableOptions } from "./table.js";
