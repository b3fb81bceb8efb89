import { expect, it } from "vitest";
import { createSpace } from "../arch/index.js";
import { resolveConfig } from "../config/index.js";
import { generateSynthetic } from "../data/index.js";
import { Random } from "../random.js";
import { planTrials, rankTrials, type SearchCounts, type Trial } from "../search/index.js";
import { reproduceCommands } from "./reproduce.js";

const dataset = generateSynthetic({ trainCount: 400, testCount: 50 });
const configOf = (overrides: object = {}) =>
  resolveConfig({
    preset: "tiny",
    overrides,
    dataset: { ...dataset, classes: dataset.classes.length },
    seed: 3,
    device: "cpu",
    threads: 2,
    precision: "fp32",
  });
const config = configOf();
const space = createSpace(config.space);

/** Trials of these counts, one sitting after the other. */
function trialsOf(...sittings: readonly SearchCounts[]): Trial[] {
  return sittings.flatMap(planTrials).map(({ name }, id) => ({
    id,
    architecture: space.sample(Random.stream(id)),
    origin: name,
    validationError: 0.5,
    validationLoss: 1 + ((7 * id) % 10),
    parameters: 1,
    flops: 1,
  }));
}

const history = { path: "runs/mine", config, dataset, trials: trialsOf(config.ranking.counts) };

it("a preset's search is its flags alone", () => {
  expect(reproduceCommands(history)).toEqual([
    "npx smash search --data synthetic --preset tiny --seed 3 --threads 2 --out runs/mine",
    "npx smash train --data synthetic --run runs/mine",
  ]);
});

it("settings that a file changed come as that file, and give the same configuration again", () => {
  const changed = configOf({ ranking: { counts: { chain: 5 } }, space: { depth: 3 } });
  const [echo, search] = reproduceCommands({ ...history, config: changed, trials: [] });
  const [, json] = /^echo '(.*)' > settings\.json$/.exec(echo)!;
  expect(configOf(JSON.parse(json) as object)).toEqual(changed);
  expect(search).toContain("--config settings.json");
});

it("trials beyond the search's are repeated sitting by sitting", () => {
  const none = { random: 0, perturb: 0, chain: 0, evolution: 0, nsga2: 0 };
  const trials = trialsOf(
    config.ranking.counts,
    { ...none, random: 4, chain: 2 },
    { ...none, random: 1 },
    { ...none, perturb: 3 },
    { ...none, random: 2 },
    { ...none, chain: 1, evolution: 5 },
    { ...none, nsga2: 2 },
  );
  expect(reproduceCommands({ ...history, trials }).slice(1, -1)).toEqual([
    "npx smash rank --run runs/mine --samples 4 --chain 2",
    "npx smash rank --run runs/mine --samples 1 --perturb 3",
    "npx smash rank --run runs/mine --samples 2 --chain 1",
    "npx smash rank --run runs/mine --strategy evolution --samples 5",
    "npx smash rank --run runs/mine --strategy nsga2 --samples 2",
  ]);
});

it("training names the rank, the epochs and the data set where they are not the run's", () => {
  const { architecture } = rankTrials(history.trials, "loss")[2];
  const command = reproduceCommands({
    ...history,
    trained: { architecture, epochs: 9 },
    trainedOn: "folder:my photos/o'hara",
  }).at(-1);
  expect(command).toBe(
    String.raw`npx smash train --data 'folder:my photos/o'\''hara' --run runs/mine --rank 3 --epochs 9`,
  );
});

it("device and precision are named where they are not the usual ones, and a folder's image size", () => {
  const other = { ...config, dataset: "folder:photos", device: "cuda:1", precision: "bf16" as const };
  expect(reproduceCommands({ ...history, config: other })[0]).toMatch(
    /--data folder:photos --image-size \d+ .*--threads 2 --device cuda:1 --precision bf16 --out/,
  );
});

it("a run of a preset that is not known any more still has its commands", () => {
  const old = { ...config, preset: "of old" };
  expect(reproduceCommands({ ...history, config: old })[0]).toContain("--preset 'of old'");
});
