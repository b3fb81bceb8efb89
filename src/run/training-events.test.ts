import { expect, it } from "vitest";
import { sampleArchitecture, type Architecture } from "../arch/index.js";
import { Random } from "../random.js";
import type { LoggedEvent, TrainedEvent, TrainEvent } from "./events.js";
import { findTraining } from "./training-events.js";

const [one, other] = [1, 2].map((seed): Architecture =>
  sampleArchitecture(
    {
      ...{ baseChannels: 8, maxUnits: 16, depthCompression: 2, depth: 1, width: 1, bottleneck: 1, kernel: 3 },
      ...{ maxDilation: 1, stemKernel: 3, input: { channels: 3, size: 16 }, classes: 4 },
    },
    Random.stream(seed),
  ),
);

type Logged = LoggedEvent | TrainedEvent;

const asked = (name: string, architecture: Architecture, recipe = {}): TrainEvent => ({
  ...{ type: "train", checkpoint: name, dataset: "synthetic", architecture, recipe },
});

/** Eight steps, four epochs; each second one epoch. */
function sitting(begun: TrainEvent, epochs: readonly number[], end: "killed" | "over" = "over"): Logged[] {
  const done = 2 * (epochs[0] - 1);
  const at = (second: number) => 1_700_000_000_000 + 1000 * second;
  return [
    begun,
    { type: "phase", phase: "network", done, total: 8, at: at(0) },
    ...epochs.map((epoch, index): LoggedEvent => {
      // Tells the network.
      const trainLoss = begun.architecture === one ? 1 : 2;
      const values = { trainLoss, trainError: 1, validationLoss: 1, validationError: 1, isBest: true };
      return { type: "network-epoch", epoch, ...values, at: at(index + 1) };
    }),
    ...(end === "over"
      ? [{ type: "phase-done", phase: "network", seconds: epochs.length } as const, trained(begun)]
      : []),
  ];
}

function trained({ checkpoint, architecture }: TrainEvent): TrainedEvent {
  return {
    ...{ type: "trained", checkpoint, architecture, parameters: 1, flops: 1, epochs: 4 },
    ...{ validationError: 0.5, testError: 0.5, testTop5Error: 0.5 },
  };
}

/** As a version wrote it that did not log what was asked for. */
const old = (events: readonly Logged[]) => events.filter(({ type }) => type !== "train");
const [best, second] = [asked("best", one), asked("rank-2", other)];

function summary(events: readonly Logged[]) {
  const { trained, curve, seconds } = findTraining(events)!;
  return {
    checkpoint: trained?.checkpoint,
    losses: curve.map(({ trainLoss }) => trainLoss),
    epochs: curve.map(({ epoch }) => epoch),
    seconds,
  };
}

const ofBest = { checkpoint: "best", losses: [1, 1, 1, 1], epochs: [1, 2, 3, 4] };

it.each([
  ["this version", (events: readonly Logged[]) => events],
  ["an older version", old],
])("the second training of a run is told without the first, by %s", (_, version) => {
  const events = version([...sitting(best, [1, 2, 3, 4]), ...sitting(second, [1, 2])]);
  expect(summary(events)).toEqual({ checkpoint: "rank-2", losses: [2, 2], epochs: [1, 2], seconds: 2 });
});

it.each([
  ["this version", (events: readonly Logged[]) => events],
  ["an older version", old],
])("a training that went on after another one is one training, by %s", (_, version) => {
  const events = version([
    ...sitting(best, [1, 2], "killed"),
    ...sitting(second, [1, 2]),
    ...sitting(best, [2, 3, 4]),
  ]);
  expect(summary(events)).toEqual({ ...ofBest, seconds: 5 });
  // And is not asked for anew by testing it again.
  const again = version([best, { type: "phase", phase: "network", done: 8, total: 8 }, trained(best)]);
  expect(summary([...events, ...again])).toEqual({ ...ofBest, seconds: 5 });
});

it("a training that was killed before it had saved anything counts with its time", () => {
  const events = [...sitting(best, [1], "killed"), ...sitting(best, [1, 2, 3, 4])];
  expect(summary(events)).toEqual({ ...ofBest, seconds: 5 });
});

it("another recipe in the same file is another training", () => {
  const events = [
    ...sitting(asked("best", one, { mixup: 0.2 }), [1, 2, 3, 4], "killed"),
    ...sitting(best, [1, 2]),
  ];
  expect(summary(events)).toMatchObject({ epochs: [1, 2], seconds: 2 });
});

it("what was tested is shown while another network is in training", () => {
  const events = [...sitting(best, [1, 2, 3, 4]), ...sitting(second, [1, 2], "killed")];
  expect(summary(events)).toEqual({ ...ofBest, seconds: 4 });
});

it("of trainings that run at the same time, the one that was tested last is told, without the others", () => {
  const of = (pid: number, events: readonly Logged[]) => events.map((event) => ({ ...event, pid }));
  const [long, brief] = [of(1, sitting(best, [1, 2, 3, 4])), of(2, sitting(second, [1, 2]))];
  // The brief one in the middle of the long one, and the other way round.
  const [begun, rest] = [long.slice(0, 4), long.slice(4)];
  expect(summary([...begun, ...brief, ...rest])).toEqual({ ...ofBest, seconds: 4 });
  expect(summary([...brief.slice(0, 3), ...long, ...brief.slice(3)])).toEqual({
    ...{ checkpoint: "rank-2", losses: [2, 2], epochs: [1, 2], seconds: 2 },
  });
});

it("before any test, the network in training is known", () => {
  expect(findTraining([])).toBeUndefined();
  expect(findTraining(sitting(second, [1], "killed"))).toMatchObject({ asked: second, trained: undefined });
});

it("a test without events of its training has no curve", () => {
  expect(summary([trained(best)])).toEqual({ checkpoint: "best", losses: [], epochs: [], seconds: 0 });
});
