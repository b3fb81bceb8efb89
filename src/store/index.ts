export { hasCheckpoint, hyperNetOwner, loadCheckpoint, saveCheckpoint, useCheckpoint } from "./checkpoint.js";
export { appendLine, inFile, parseJson, readIfThere, readJsonLines } from "./json-files.js";
export { RunFolder } from "./run-folder.js";
export type { Versions } from "./run-folder.js";
export { readTrials, TrialStore } from "./trial-store.js";
export { withFolderLock } from "./folder-lock.js";
export type { LockedFolder } from "./folder-lock.js";
