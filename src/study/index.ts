export type { Combined, ComparisonDocument } from "./document.js";
export type { StudyEvent } from "./events.js";
export { studyNames } from "./request.js";
export type { StudyJob, StudyName, StudyRequest } from "./request.js";
export type { Contrast, Estimate, KindOfMove, MoveComparison } from "./move-document.js";
export type { StudyResult } from "./result.js";
export { startStudy } from "./start-study.js";
export { parseTable } from "./table-file.js";
export type { TableRow } from "./table-file.js";
