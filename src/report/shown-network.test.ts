import { expect, test } from "vitest";
import type { Trial } from "../search/index.js";
import { distinctTrials, emptyRun, fakeRun } from "./fake-run.fixture.js";
import { rankTrials } from "../search/index.js";
import { shownNetwork } from "./shown-network.js";

const [sample] = fakeRun().trials;

function trial(id: number, validationLoss: number, validationError = 0.5): Trial {
  return { ...sample, id, validationLoss, validationError };
}

test("lower comes first, ties keep the order of scoring, scores that are not finite come last", () => {
  const trials = [trial(0, NaN), trial(1, 2), trial(2, 1), trial(3, Infinity), trial(4, 2)];
  expect(rankTrials(trials, "loss").map(({ id }) => id)).toEqual([2, 1, 4, 0, 3]);
});

test("loss and error can order differently", () => {
  const trials = [trial(0, 1, 0.6), trial(1, 2, 0.4)];
  expect(rankTrials(trials, "loss")[0].id).toBe(0);
  expect(rankTrials(trials, "error")[0].id).toBe(1);
});

test("the trained network comes before the one in training, and that before the leader", () => {
  const [leader, second, third] = rankTrials(distinctTrials(), "loss");
  const run = { ...emptyRun(), trials: [leader, second, third] };
  const inTraining = second.architecture;
  const trained = { ...fakeRun().trained!, architecture: third.architecture };
  expect(shownNetwork(emptyRun())).toBeUndefined();
  expect(shownNetwork(run)).toMatchObject({ rank: 1, trial: leader, name: "leader so far" });
  expect(shownNetwork({ ...run, isRanked: true })).toMatchObject({ rank: 1, name: "winner" });
  expect(shownNetwork({ ...run, inTraining })).toMatchObject({ rank: 2, name: "network in training" });
  expect(shownNetwork({ ...run, inTraining, trained })).toMatchObject({ rank: 3, name: "trained network" });
});

test("a trained network is the winner only at the head of a ranking that has ended", () => {
  const trials = distinctTrials();
  const [{ architecture }] = rankTrials(trials, "loss");
  const run = fakeRun({ trials, trained: { ...fakeRun().trained!, architecture } });
  expect(shownNetwork(run)?.name).toBe("winner");
  expect(shownNetwork({ ...run, isRanked: false })?.name).toBe("trained network");
});
