/** From settings to the space they describe. */

import { MemoryBankSpace } from "./memory-bank-space.js";
import { CellSpace } from "./nas-bench-201/cell-space.js";
import type { SearchSpace, SpaceSettings } from "./search-space.js";

/** The space with these settings. Throws a SmashError ("config") for settings that cannot work. */
export function createSpace(settings: SpaceSettings): SearchSpace {
  return settings.name === "nas-bench-201" ? new CellSpace(settings) : new MemoryBankSpace(settings);
}
