import { expect, it } from "vitest";
import type { LoggedEvent, Phase } from "./events.js";
import { phaseSeconds } from "./phase-seconds.js";

const start = 1_700_000_000_000;
const at = (seconds: number) => start + 1000 * seconds;
const begin = (phase: Phase, seconds: number): LoggedEvent => ({
  ...{ type: "phase", phase, done: 0, total: 10, at: at(seconds) },
});
const step = (seconds: number): LoggedEvent => ({
  ...{ type: "hypernet-step", step: 1, loss: 1, error: 1, rate: 1, at: at(seconds) },
});
const end = (phase: Phase, took: number, seconds: number): LoggedEvent => ({
  ...{ type: "phase-done", phase, seconds: took, at: at(seconds) },
});

it("a sitting that ended its phase counts with what it measured itself", () => {
  const events = [begin("hypernet", 0), step(5), end("hypernet", 9.5, 10)];
  expect(phaseSeconds(events)).toEqual({
    hypernet: 9.5,
    surrogate: 0,
    ranking: 0,
    "fine-tuning": 0,
    finalists: 0,
    network: 0,
  });
});

it("killed sittings count up to their last event, and the pauses between sittings do not count", () => {
  const events = [
    ...[begin("hypernet", 0), step(2), step(4)], // killed
    ...[begin("hypernet", 100), step(103)], // killed again
    ...[begin("hypernet", 1000), step(1005), end("hypernet", 6, 1006)],
    ...[begin("surrogate", 1006), end("surrogate", 2, 1006)],
    ...[begin("ranking", 1006), end("ranking", 3, 1009)],
    ...[begin("fine-tuning", 1009), end("fine-tuning", 1, 1010)],
    begin("network", 1010), // killed before it told anything
  ];
  expect(phaseSeconds(events)).toEqual({
    hypernet: 13,
    surrogate: 2,
    ranking: 3,
    "fine-tuning": 1,
    finalists: 0,
    network: 0,
  });
});

it("another job's begin does not lengthen the sitting that was killed before it", () => {
  const more = { random: 1, perturb: 0, chain: 0, evolution: 0, nsga2: 0 };
  const rank: LoggedEvent = { type: "rank", done: 3, more, limits: {}, fineTune: 0, at: at(9000) };
  const events = [begin("ranking", 0), step(4), rank, begin("ranking", 9001), step(9003)];
  expect(phaseSeconds(events).ranking).toBe(6);
});

it("a sitting that still runs counts up to now", () => {
  expect(phaseSeconds([begin("hypernet", 0), step(2), step(7)]).hypernet).toBe(7);
});

it("processes that work at the same time count each by itself", () => {
  const of = (pid: number, event: LoggedEvent) => ({ ...event, pid });
  const events = [
    ...[of(1, begin("ranking", 0)), of(2, begin("network", 1)), of(1, step(8)), of(2, step(9))],
    ...[of(1, end("ranking", 10, 10)), of(2, step(30))],
  ];
  expect(phaseSeconds(events)).toMatchObject({ ranking: 10, network: 29 });
});

it("a clock that was set back makes no negative time", () => {
  expect(phaseSeconds([begin("hypernet", 50), step(20)]).hypernet).toBe(0);
});

it("logs without times count the sittings that ended a phase", () => {
  const events = [begin("hypernet", 0), step(4), begin("hypernet", 9), step(2), end("hypernet", 8, 0)];
  const without = events.map(({ at: _, ...event }) => event);
  expect(phaseSeconds(without).hypernet).toBe(8);
});
