/** The work of `smash rank`. */

import { formatCount, formatTrialTable } from "../../../report/index.js";
import { startJob } from "../../../run/index.js";
import { rankTrials } from "../../../search/index.js";
import { SmashError } from "../../../errors.js";
import { RunFolder } from "../../../store/index.js";
import type { CommandContext } from "../../run-command.js";
import { jobOptions, jobPlace, openDataset } from "../../run-session.js";
import type { RankFlags } from "../rank.js";

export async function rank(flags: RankFlags, context: CommandContext) {
  const folder = new RunFolder(flags.run);
  const { config } = await folder.requireConfig();
  const more = { random: 0, perturb: flags.perturb, chain: flags.chain };
  more[flags.strategy ?? "random"] += flags.samples;
  if (more.random + more.perturb + more.chain === 0) {
    throw new SmashError("usage", {
      rule: "Something must be ranked.",
      found: "no --samples, --perturb or --chain above 0.",
      fix: "add --samples 100, say.",
    });
  }
  await openDataset(config.dataset, context, config.space.input.size);
  const result = await startJob(
    { kind: "rank", run: folder.path, config, more, ...jobPlace(config, context) },
    jobOptions(context, folder),
  );
  const by = flags.by ?? config.ranking.rankedBy;
  const ranking = rankTrials(result.ranking, by);
  const { architecturesPerMinute } = result;
  return {
    json: { ranking, best: ranking[0], architecturesPerMinute },
    text: `${formatTrialTable(ranking, { rankedBy: by })}\n\n${formatCount(architecturesPerMinute)} architectures a minute`,
  };
}
