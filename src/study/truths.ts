/** The architectures of a study and their true errors: from a table, or by normal training with several seeds. */

import { buildCellArchitecture, createSpace, parseCell, type Architecture } from "../arch/index.js";
import { SmashError } from "../errors.js";
import { Random } from "../random.js";
import { attainableCorrelation, mean, seedCeiling } from "../statistics/index.js";
import type { StudyContext } from "./events.js";
import type { MeasurementTable } from "./measure.js";
import type { StudyRequest } from "./request.js";
import type { StudyResult } from "./result.js";
import { trainNormally, type TrainingData } from "./train-normally.js";

export interface Truths extends Pick<
  StudyResult,
  "truthsBySeed" | "seedCeiling" | "attainable" | "diverged"
> {
  readonly errors: readonly number[];
}

export function studyArchitectures({ config, table, samples }: StudyRequest): readonly Architecture[] {
  const { space } = config;
  if (!table) {
    const searchSpace = createSpace(space);
    return Array.from({ length: samples }, (_, item) =>
      searchSpace.sample(Random.stream(config.seed, "study", item)),
    );
  }
  if (space.name !== "nas-bench-201") {
    throw new SmashError("usage", {
      rule: "A table of cells needs a HyperNet of the NAS-Bench-201 space.",
      found: `a HyperNet of the space ${space.name}.`,
      fix: "use --preset nas-bench-201, or a run with it.",
    });
  }
  return table.map(({ cell }) => buildCellArchitecture(space, parseCell(cell)));
}

/** Name of the measurement of the errors that training with this seed gave. */
export const truthMeasure = (seed: number) => `truth.seed${seed}`;

/** Name of the measurement that is 1 where this training diverged; others have none. */
const divergedMeasure = (seed: number) => `${truthMeasure(seed)}.diverged`;

export async function findTruths(
  {
    request,
    architectures,
    data,
  }: {
    readonly request: StudyRequest;
    readonly architectures: readonly Architecture[];
    /** Only asked for where networks are trained. */
    readonly data: () => Promise<TrainingData>;
  },
  table: MeasurementTable,
  context: StudyContext,
): Promise<Truths> {
  if (request.table) {
    const errors = request.table.map(({ error }) => error);
    return { errors, truthsBySeed: null, seedCeiling: null, attainable: null, diverged: null };
  }
  if (request.trained) return { ...average(request.trained), diverged: null };
  const images = await data();
  const bySeed: number[][] = [];
  let diverged = 0;
  for (let seed = 0; seed < request.seeds; seed++) {
    const name = truthMeasure(seed);
    const label = `training, seed ${seed + 1} of ${request.seeds}`;
    const run = (architecture: Architecture, _: number, progress: (fraction: number) => void) => {
      const options = { config: request.config, seed, data: images, progress };
      const { error, hasDiverged } = trainNormally(architecture, options, context);
      return { ...(hasDiverged && { [divergedMeasure(seed)]: 1 }), [name]: error };
    };
    await table.measure(architectures, { label, names: [name], run }, context);
    bySeed.push(table.column(name, architectures.length));
    const marks = table.column(divergedMeasure(seed), architectures.length);
    diverged += marks.filter((mark) => mark === 1).length;
  }
  return { ...average(bySeed), diverged };
}

function average(bySeed: readonly (readonly number[])[]): Omit<Truths, "diverged"> {
  const errors = bySeed[0].map((_, item) => mean(bySeed.map((column) => column[item])));
  const known = { errors, truthsBySeed: bySeed };
  if (bySeed.length === 1) return { ...known, seedCeiling: null, attainable: null };
  const ceiling = seedCeiling(bySeed);
  return { ...known, seedCeiling: ceiling, attainable: attainableCorrelation(ceiling, bySeed.length) };
}
