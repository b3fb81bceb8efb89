import { describe, expect, it } from "vitest";
import { createSpace } from "../arch/index.js";
import { applyRecipe, changeConfig, resolveConfig, type RunConfig } from "../config/index.js";
import { generateSynthetic } from "../data/index.js";
import { Random } from "../random.js";
import { planTrials, rankTrials, type SearchCounts, type Trial } from "../search/index.js";
import type { LoggedEvent, RankEvent } from "./events.js";
import { reproduceCommands } from "./reproduce.js";
import { listRanks, type RankSitting } from "./reproduce-rank.js";
import { trainingRecipe } from "./same-training.js";

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

const history = { path: "runs/mine", config, dataset, trials: trialsOf(config.ranking.counts), ranks: [] };
const none: SearchCounts = { random: 0, perturb: 0, chain: 0, evolution: 0, nsga2: 0 };

/** A sitting that was asked for these, when the run had so many trials. */
function rankOf(done: number, more: Partial<SearchCounts>, changes: Partial<RankSitting> = {}): RankSitting {
  return {
    type: "rank",
    done,
    more: { ...none, ...more },
    limits: {},
    fineTune: 0,
    fineTuned: 0,
    trained: 0,
    ...changes,
  };
}

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

it("smash rank is repeated with what it was asked for", () => {
  const ranks = [
    rankOf(12, { random: 4, chain: 2 }),
    rankOf(18, { random: 1 }, { limits: { parameters: 2300, flops: 400_000, latencyMs: 0.5 } }),
    rankOf(19, { perturb: 3, evolution: 5 }, { fineTune: 4, fineTuned: 4 }),
    rankOf(27, { nsga2: 2 }),
    rankOf(29, {}, { fineTune: 6, fineTuned: 2 }),
    rankOf(29, {}, { finalists: 5, trained: 5 }),
    rankOf(29, { random: 2 }, { finalists: 5, trained: 1 }),
  ];
  const trials = trialsOf(config.ranking.counts, ...ranks.map(({ more }) => more));
  expect(reproduceCommands({ ...history, trials, ranks }).slice(1, -1)).toEqual([
    "npx smash rank --run runs/mine --samples 4 --chain 2",
    "npx smash rank --run runs/mine --samples 1 --max-parameters 2300 --max-flops 400000 --max-latency-ms 0.5",
    "npx smash rank --run runs/mine --perturb 3 --evolution 5 --fine-tune 4",
    "npx smash rank --run runs/mine --nsga2 2",
    "npx smash rank --run runs/mine --fine-tune 6",
    "npx smash rank --run runs/mine --finalists 5",
    "npx smash rank --run runs/mine --samples 2 --finalists 5",
  ]);
});

it("of smash rank, what was scored before it was stopped counts, and nothing where that is nothing", () => {
  const ranks = [rankOf(12, { random: 4 }), rankOf(14, { random: 4 }), rankOf(14, { random: 1 })];
  const trials = trialsOf(config.ranking.counts, { ...none, random: 2 }, { ...none, random: 1 });
  expect(reproduceCommands({ ...history, trials, ranks }).slice(1, -1)).toEqual([
    "npx smash rank --run runs/mine --samples 2",
    "npx smash rank --run runs/mine --samples 1",
  ]);
});

it("a smash rank that was stopped and went on is one", () => {
  const asked: RankEvent = { type: "rank", done: 12, more: { ...none, random: 4 }, limits: {}, fineTune: 2 };
  const tuned: LoggedEvent = { type: "fine-tuned", trial: history.trials[0] };
  const trained: LoggedEvent = { type: "finalist", step: 4, trial: history.trials[0] };
  expect(listRanks([asked, tuned, asked, tuned, trained])).toEqual([{ ...asked, fineTuned: 2, trained: 1 }]);
});

it("smash rank before the search's end is said to have been then", () => {
  const lines = reproduceCommands({ ...history, ranks: [rankOf(5, { random: 2 })] });
  expect(lines[1]).toBe("# This was run when the search had scored 5 of its 12 architectures:");
  expect(lines[2]).toMatch(/^npx smash rank --run runs\/mine --/);
});

it("of smash rank by an older version there is no command, but what is known of it", () => {
  const trials = trialsOf(config.ranking.counts, { ...none, random: 4, chain: 2 }, { ...none, nsga2: 1 });
  const lines = reproduceCommands({ ...history, trials, ranks: [rankOf(18, { nsga2: 1 })] }).slice(1, -1);
  expect(lines[0]).toContain("# smash rank then scored 6 more (4 random, 2 chain).");
  expect(lines.slice(1)).toEqual([
    "# --fine-tune, so its commands are not known.",
    "npx smash rank --run runs/mine --nsga2 1",
  ]);
});

describe("training", () => {
  const { architecture } = rankTrials(history.trials, "loss")[2];
  const trainedWith = (own: RunConfig, data = "synthetic") => ({
    ...{ architecture, epochs: 9 },
    asked: {
      ...{ type: "train" as const, checkpoint: "any", dataset: data, architecture },
      recipe: JSON.parse(JSON.stringify(trainingRecipe(own))) as Record<string, unknown>,
    },
  });
  const train = (trained: ReturnType<typeof trainedWith>, of: RunConfig = config) =>
    reproduceCommands({ ...history, config: of, trained }).slice(1);
  const changed = (changes: object, of = config) => changeConfig(of, { networkTraining: changes });

  it("names the rank, the epochs and the data set where they are not the run's", () => {
    expect(train(trainedWith(changed({ epochs: 9 }), "folder:my photos/o'hara"))).toEqual([
      String.raw`npx smash train --data 'folder:my photos/o'\''hara' --run runs/mine --rank 3 --epochs 9`,
    ]);
  });

  it("names a seed and a precision of its own", () => {
    const [command] = train(trainedWith({ ...config, seed: 8, precision: "bf16" }));
    expect(command).toMatch(/ --rank 3 --seed 8 --precision bf16$/);
  });

  it("names the epochs that were asked for, not those after which it was stopped early", () => {
    expect(train(trainedWith(changed({ epochs: 30 }))).at(-1)).toContain(" --epochs 30");
    expect(train(trainedWith(config)).at(-1)).not.toContain("--epochs");
  });

  it.each(["strong", "paper"] as const)("names the recipe %s", (recipe) => {
    // The paper's takes away what this run has.
    const run = changed({ mixup: 0.3, cutout: 4 });
    const own = changed({ epochs: 4 }, applyRecipe(run, recipe));
    expect(train(trainedWith(own), run).slice(-1)).toEqual([
      `npx smash train --data synthetic --run runs/mine --rank 3 --recipe ${recipe} --epochs 4`,
    ]);
  });

  it("gives other settings as a file, after the nearest recipe", () => {
    const own = changed({ mixup: 0.4, augment: { pad: 1 } }, applyRecipe(config, "strong"));
    const [echo, command] = train(trainedWith(own));
    const [, json] = /^echo '(.*)' > training\.json$/.exec(echo)!;
    expect(command).toContain("--rank 3 --recipe strong --config training.json");
    expect(changeConfig(applyRecipe(config, "strong"), JSON.parse(json))).toEqual(own);
    expect(JSON.parse(json)).toEqual({ networkTraining: { mixup: 0.4, augment: { pad: 1 } } });
  });

  it("by an older version has no command, but what is known of it", () => {
    const lines = reproduceCommands({ ...history, trained: { architecture, epochs: 9 } }).slice(1);
    expect(lines[0]).toContain("# Number 3 was then trained for 9 epochs.");
    expect(lines.every((line) => line.startsWith("# "))).toBe(true);
  });
});

it("device and precision are named where they are not the usual ones, and a folder's image size", () => {
  const other = { ...config, dataset: "folder:photos", device: "cuda:1", precision: "bf16" as const };
  expect(reproduceCommands({ ...history, config: other })[0]).toMatch(
    /--data folder:photos --image-size \d+ .*--threads 2 --device cuda:1 --precision bf16 --out/,
  );
});

it("a published set's image size is named where it is another one", () => {
  const sized = (size: number) =>
    changeConfig({ ...config, dataset: "cifar10" }, { space: { input: { ...config.space.input, size } } });
  const command = (size: number) => reproduceCommands({ ...history, config: sized(size) }).join("\n");
  expect(command(16)).toContain("--data cifar10 --image-size 16 --preset");
  expect(command(32)).not.toContain("--image-size");
});

it("a run of a preset that is not known any more still has its commands", () => {
  const old = { ...config, preset: "of old" };
  expect(reproduceCommands({ ...history, config: old })[0]).toContain("--preset 'of old'");
});
