/**
 * An architecture of the NAS-Bench-201 space as plain, versioned JSON: one cell, repeated, and the sizes of the network
 * around it. No setting, data set or file name is needed to know what it computes or costs.
 */

import { z } from "zod";
import { explainIssue } from "../explain-issue.js";
import { checkVersion, requireThat } from "../invalid.js";
import { cellEdges, operations } from "./cell.js";

/** Version of the JSON format. Readers refuse newer ones. */
export const cellArchitectureVersion = 1;

/** Stages of cells, each at half the resolution and twice the channels of the one before. */
export const stageCount = 3;

const positive = z.int().positive();

/** Most cells of a stage: far more than anyone trains, few enough to list. */
export const mostCells = 1000;

export const cellArchitectureSchema = z
  .strictObject({
    space: z.literal("nas-bench-201"),
    version: z.literal(cellArchitectureVersion),
    input: z.strictObject({ channels: positive, /** Height = width, pixels. */ size: positive }).readonly(),
    classes: z.int().min(2),
    /** Of the stem and the first stage. Benchmark: 16. */
    channels: positive,
    /** Cells a stage. Benchmark: 5. */
    cells: positive.max(mostCells),
    /** Operations of the edges 0-1, 0-2, 1-2, 0-3, 1-3, 2-3. */
    cell: z.array(z.enum(operations)).length(cellEdges.length).readonly(),
  })
  .readonly();

/** A network of the NAS-Bench-201 space (arXiv 2001.00326): one cell, repeated in three stages. */
export type CellArchitecture = z.infer<typeof cellArchitectureSchema>;

/** Checks parsed JSON; throws a SmashError ("architecture") that names the field. */
export function parseCellArchitecture(json: unknown): CellArchitecture {
  checkVersion(json, cellArchitectureVersion);
  const result = cellArchitectureSchema.safeParse(json);
  if (!result.success) throw explainIssue(result.error.issues[0], cellArchitectureSchema, json);
  validateCellArchitecture(result.data);
  return result.data;
}

/** Throws a SmashError ("architecture") for what the schema cannot say. */
function validateCellArchitecture({ input }: CellArchitecture): void {
  const step = 2 ** (stageCount - 1);
  requireThat(input.size % step === 0, "input.size", {
    rule: `a multiple of ${step}: ${stageCount} stages, each at half the size of the last.`,
    found: `${input.size}.`,
    fix: `resize or pad the images to ${Math.ceil(input.size / step) * step} pixels.`,
  });
}
