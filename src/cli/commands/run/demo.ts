/** The work of `smash demo`: search, train the best, report. */

import { writeReport } from "../../../run/index.js";
import { dataDirOf } from "../../data-dir.js";
import type { ImageSizeFlag } from "../../image-size.js";
import type { CommandContext } from "../../run-command.js";
import { search } from "./search.js";
import { describeTrained, trainNetwork } from "./train.js";

export async function demo(
  request: ImageSizeFlag & { readonly data: string; readonly preset: string; readonly out: string },
  context: CommandContext,
) {
  const { json, text, config, folder } = await search(request, context);
  const { architecture } = json.best;
  const trained = await trainNetwork(
    { config, architecture, checkpoint: folder.checkpointPath("best"), folder },
    context,
  );
  await writeReport(folder, dataDirOf(context));
  return {
    json: { ...json, trained },
    text: [text, "", "The winner, trained from scratch:", describeTrained(trained)].join("\n"),
  };
}
