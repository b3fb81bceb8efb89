/** The work of `smash rank`. */

import { formatCount, formatParetoLines, formatTrialTable } from "../../../report/index.js";
import { startJob, writeReport } from "../../../run/index.js";
import { paretoFronts, rankTrials, takesNaswot } from "../../../search/index.js";
import { SmashError } from "../../../errors.js";
import { RunFolder } from "../../../store/index.js";
import { dataDirOf } from "../../data-dir.js";
import type { CommandContext } from "../../run-command.js";
import { applyGiven, jobOptions, jobPlace, openDataset } from "../../run-session.js";
import { readLimits } from "../../search-flags.js";
import type { RankFlags } from "../rank.js";

export async function rank(flags: RankFlags, context: CommandContext) {
  const folder = new RunFolder(flags.run);
  const saved = await folder.requireConfig();
  const config = applyGiven(saved.config, context, ["device", "threads"]);
  const { perturb = 0, chain = 0, evolution = 0, nsga2 = 0 } = flags;
  const more = { random: 0, perturb, chain, evolution, nsga2 };
  more[flags.strategy ?? "random"] += flags.samples;
  if (Object.values(more).every((count) => count === 0) && !flags.fineTune && !flags.finalists) {
    throw new SmashError("usage", {
      rule: "Something must be ranked.",
      found: "no --samples, --perturb, --chain, --evolution, --nsga2, --fine-tune or --finalists above 0.",
      fix: "add --samples 100, say.",
    });
  }
  const by = flags.by ?? config.ranking.rankedBy;
  const { rankedBy } = config.ranking;
  const lacking = [
    ...(takesNaswot(by) && !takesNaswot(rankedBy) ? ["NASWOT"] : []),
    ...(by === "predicted" && rankedBy !== by ? ["predicted errors"] : []),
  ];
  if (lacking.length > 0) {
    throw new SmashError("usage", {
      rule: `Trials are ordered by what the run has measured of them; this one has no ${lacking.join(", and no ")}.`,
      found: `--by ${by} for a run ranked by ${rankedBy}.`,
      fix: `leave out --by, or search anew with --by ${by} and another --out.`,
    });
  }
  await openDataset(config.dataset, context, config.space.input.size);
  const result = await startJob(
    {
      kind: "rank",
      run: folder.path,
      config,
      more,
      limits: readLimits(flags),
      fineTune: flags.fineTune,
      finalists: flags.finalists,
      ...jobPlace(config, context),
    },
    jobOptions(context, folder),
  );
  const report = await writeReport(folder, dataDirOf(context));
  const ranking = rankTrials(result.ranking, by);
  const pareto = paretoFronts(ranking, by);
  const { architecturesPerMinute } = result;
  return {
    json: { ranking, best: ranking[0], pareto, architecturesPerMinute },
    text: [
      formatTrialTable(ranking, { rankedBy: by }),
      "",
      ...formatParetoLines(pareto, by),
      "",
      ...(architecturesPerMinute > 0
        ? [`${formatCount(architecturesPerMinute)} architectures a minute`]
        : []),
      `report  ${report}`,
    ].join("\n"),
  };
}
