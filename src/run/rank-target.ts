/**
 * What a sitting of `smash rank` aims at, in the run folder from its beginning until it is reached: after a stop of any
 * kind, a kill too, the same command goes on with what is left instead of adding all of it again.
 */

import { rm } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { replaceFile } from "../files.js";
import type { Limits, SearchCounts } from "../search/index.js";
import { parseJson, readIfThere, type RunFolder } from "../store/index.js";

/** What was asked of a sitting. */
export interface RankAim {
  readonly more: SearchCounts;
  readonly limits: Limits;
  readonly fineTune: number;
  readonly finalists: number;
}

const targetSchema = z.object({
  /** Trials that the run had when the sitting began, and those it is to have. */
  before: z.int().nonnegative(),
  total: z.int().nonnegative(),
  aim: z.looseObject({}),
});

/**
 * Trials that the run had when this was first asked for: `count`, how many it has, unless a sitting with the same aim was
 * cut short. One whose trials were taken away since, or that has more than it aimed at, is not gone on with; nor is one
 * that a search has gone on after, which ends it.
 */
export async function openTarget(folder: RunFolder, aim: RankAim, count: number): Promise<number> {
  const path = folder.rankTargetPath;
  const text = await readIfThere(path);
  const saved = targetSchema.safeParse(text === undefined ? undefined : parseJson(text, path));
  // As JSON has it: without what is undefined. An older version had no finalists.
  const { finalists } = aim;
  if (saved.success && isDeepStrictEqual({ finalists, ...saved.data.aim }, JSON.parse(JSON.stringify(aim)))) {
    const { before, total } = saved.data;
    if (before <= count && count <= total) return before;
  }
  const total = Object.values(aim.more).reduce((sum, more) => sum + more, count);
  await replaceFile(path, `${JSON.stringify({ before: count, total, aim }, null, 2)}\n`);
  return count;
}

/** The target is reached: the same command asks for more from now on. */
export async function closeTarget(folder: RunFolder): Promise<void> {
  await rm(folder.rankTargetPath, { force: true });
}
