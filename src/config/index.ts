export { findPreset, presetNames } from "./presets.js";
export type { Preset } from "./preset.js";
export { applyRecipe, changeConfig, recipeNames } from "./recipes.js";
export type { RecipeName } from "./recipes.js";
export { merge, resolveConfig } from "./resolve-config.js";
export type { ConfigRequest } from "./resolve-config.js";
export { parseRunConfig } from "./run-config.js";
export type { PresetSettings, RunConfig, RunSettings, SpaceChoice } from "./run-config.js";
export type { SearchChoice } from "./search-choice.js";
