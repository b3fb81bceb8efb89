/** The study of dE/dc: moves along it against random ones (SMASH section 5.1). */

import { replaceFile } from "../files.js";
import type { Bench } from "./bench.js";
import type { StudyContext } from "./events.js";
import { measureMoves } from "./measure-moves.js";
import { summarizeMoves } from "./move-document.js";
import { drawMoves } from "./move-figures.js";
import type { StudyJob } from "./request.js";
import type { StudyResult } from "./result.js";
import { trainedHyperNet } from "./trained-hypernet.js";
import { hypernetOf, listVariants } from "./variants.js";

export async function runGradient(job: StudyJob, bench: Bench, context: StudyContext): Promise<StudyResult> {
  const { request } = job;
  const { folder, dataset, table, architectures } = bench;
  const [variant] = listVariants(request);
  const place = { folder, dataset, name: hypernetOf(variant), config: variant.config };
  const trained = await trainedHyperNet(job, place, context);
  await measureMoves(bench, { request, trained }, context);
  const document = summarizeMoves(job, bench);
  const drawn = await drawMoves(document.moves);
  for (const { name, svg } of drawn) await replaceFile(folder.figurePath(name), svg);
  const seconds = table.column("start.seconds", architectures.length);
  const result: StudyResult = {
    ...document,
    architecturesPerMinute: (60 * seconds.length) / seconds.reduce((sum, value) => sum + value, 0),
    truthsBySeed: null,
    seedCeiling: null,
    attainable: null,
    diverged: null,
    rightIsBetter: null,
    corruption: null,
    hypernets: [],
    betweenHyperNets: null,
    figures: drawn.map(({ name }) => folder.figurePath(name)),
  };
  await folder.writeResult(result);
  return result;
}
