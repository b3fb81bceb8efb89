export type { Combined, ComparisonDocument } from "./document.js";
export type { StudyEvent } from "./events.js";
export { studyNames } from "./request.js";
export type { StudyJob, StudyName, StudyRequest } from "./request.js";
export type { StudyResult } from "./run-study.js";
export { startStudy } from "./start-study.js";
export { parseTable } from "./table-file.js";
export type { TableRow } from "./table-file.js";
