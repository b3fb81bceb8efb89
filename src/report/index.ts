export type {
  EpochPoint,
  MistakeImage,
  ReportData,
  RunStatus,
  StepPoint,
  TestDetails,
  TrainedNetwork,
} from "./report-data.js";
export { drawFigure } from "./draw-figure.js";
export type { Figure, FigurePlan } from "./draw-figure.js";
export { colors as figureColors, figureSize } from "./figure-theme.js";
export { renderFigures } from "./figures.js";
export {
  formatChange,
  formatCount,
  formatMs,
  formatDecimal,
  formatDuration,
  formatEpochs,
  formatInteger,
  formatLoss,
  formatPercent,
} from "./format.js";
export { renderReport } from "./html.js";
export { escapeHtml } from "./html-markup.js";
export { formatParetoLines } from "./pareto-lines.js";
export { scoreNaming } from "./score-naming.js";
export { formatTrialTable } from "./table.js";
export type { TableOptions } from "./table.js";
export { formatTextTable } from "./text-table.js";
export type { TextColumn } from "./text-table.js";
