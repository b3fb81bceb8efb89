/** What a run's surrogate learned from, in the run's folder. */

import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { createSpace, type Architecture } from "../arch/index.js";
import type { RunConfig } from "../config/index.js";
import { SmashError } from "../errors.js";
import { replaceFile } from "../files.js";
import { Random } from "../random.js";
import { usableExamples, type SurrogateExample } from "../search/index.js";
import { inFile, parseJson, readIfThere, type RunFolder } from "../store/index.js";
import { architectureFact, measured } from "./facts.js";

const examplesSchema = z.strictObject({
  examples: z.array(
    z.strictObject({
      architecture: architectureFact,
      reducedError: measured,
      validationLoss: measured,
      naswot: measured,
    }),
  ),
});

/** The architecture of an example, by its number: random ones, of other streams than trials. */
export function drawExample({ space, seed }: RunConfig, item: number): Architecture {
  return createSpace(space).sample(Random.stream(seed, "surrogate", item));
}

/**
 * The examples of a run, oldest first; none where it has no surrogate yet. Throws `SmashError("config")` for a damaged
 * file, and for one of another run.
 */
export async function readExamples(
  { surrogatePath }: RunFolder,
  config: RunConfig,
): Promise<readonly SurrogateExample[]> {
  const text = await readIfThere(surrogatePath);
  if (text === undefined) return [];
  return inFile(surrogatePath, () => {
    const parsed = examplesSchema.safeParse(parseJson(text, surrogatePath));
    if (!parsed.success) {
      const [{ path, message }] = parsed.error.issues;
      throw damaged(surrogatePath, `${path.join(".")}: ${message}`);
    }
    const { examples } = parsed.data;
    const other = examples.findIndex(
      ({ architecture }, item) => !isDeepStrictEqual(architecture, drawExample(config, item)),
    );
    if (other < 0) return examples;
    throw damaged(surrogatePath, `examples.${other}, whose architecture is of another run`);
  });
}

/** Where trainings diverge, others are drawn in their place, up to so many for each that is wanted. */
const mostTries = 2;

/** What a surrogate of so many networks learns from; undefined while some of that is still to be trained. */
export function completeExamples(
  examples: readonly SurrogateExample[],
  networks: number,
): readonly SurrogateExample[] | undefined {
  const usable = usableExamples(examples);
  const isComplete = usable.length >= networks || examples.length >= mostTries * networks;
  return isComplete ? usable.slice(0, networks) : undefined;
}

export async function writeExamples(
  { surrogatePath }: RunFolder,
  examples: readonly SurrogateExample[],
): Promise<void> {
  await replaceFile(surrogatePath, `${JSON.stringify({ examples }, null, 2)}\n`);
}

function damaged(path: string, found: string): SmashError {
  return new SmashError("config", {
    rule: `${path} must hold what this run's surrogate learned from.`,
    found: `${found}.`,
    fix: "restore the file, or remove it: its networks are then trained anew.",
  });
}
