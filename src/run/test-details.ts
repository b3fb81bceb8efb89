/** What a test found beyond its error, as RUN/test.json: a report needs neither the network nor the images. */

import { z } from "zod";
import { encodePng, type Dataset } from "../data/index.js";
import { SmashError } from "../errors.js";
import { replaceFile } from "../files.js";
import type { TestDetails } from "../report/index.js";
import { readIfThere } from "../store/index.js";
import type { TestScore } from "../train/index.js";

/** Enough to see what is on an image, little enough for two dozen of them in a page. */
const maxImageSize = 112;

const share = z.number().min(0).max(1);
const label = z.int().nonnegative();

const detailsSchema: z.ZodType<TestDetails> = z
  .object({
    checkpoint: z.string(),
    testError: share,
    dataset: z.string(),
    classes: z.array(z.string()).min(1),
    confusion: z.array(z.array(z.int().nonnegative())),
    mistakes: z.array(
      z.object({
        index: label,
        truth: label,
        prediction: label,
        probability: share,
        truthProbability: share,
        png: z.base64(),
      }),
    ),
  })
  .refine(
    ({ classes, confusion, mistakes }) =>
      confusion.length === classes.length &&
      confusion.every((row) => row.length === classes.length) &&
      mistakes.every(({ truth, prediction }) => Math.max(truth, prediction) < classes.length),
    "counts and mistakes must be of the classes named",
  );

/** The images that `score` names are drawn; `checkpoint` tells later whose test this was. */
export async function describeTest(
  score: TestScore,
  { dataset, checkpoint }: { readonly dataset: Dataset; readonly checkpoint: string },
): Promise<TestDetails> {
  const { name, classes, test, channels, size } = dataset;
  const mistakes = score.mistakes.map(async (mistake) => {
    const png = await encodePng(test.image(mistake.index), { channels, size, maxSize: maxImageSize });
    return { ...mistake, png: Buffer.from(png).toString("base64") };
  });
  return {
    checkpoint,
    testError: score.error,
    dataset: name,
    classes,
    confusion: score.confusion,
    mistakes: await Promise.all(mistakes),
  };
}

/** Writes a run's `testPath`, for its report. */
export async function writeTestDetails(path: string, details: TestDetails): Promise<void> {
  await replaceFile(path, `${JSON.stringify(details)}\n`);
}

/** Undefined where no test has been written. Throws `SmashError("config")` for a file that is something else. */
export async function readTestDetails(path: string): Promise<TestDetails | undefined> {
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  const details = detailsSchema.safeParse(parseOrNothing(text));
  if (details.success) return details.data;
  throw new SmashError("config", {
    rule: `${path} must be what smash train wrote of a test.`,
    found: `${z.prettifyError(details.error).replace(/\s+/g, " ").slice(0, 300)}.`,
    fix: "remove it; smash train writes it again.",
  });
}

/** Text that is no JSON is nothing, which the schema then tells. */
function parseOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
