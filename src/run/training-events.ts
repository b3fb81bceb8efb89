/**
 * Which events of a run's log are of the training that its report shows. A run may hold many trainings: of other
 * architectures, with other settings, and each may have been stopped or killed, and gone on after another one.
 */

import { isDeepStrictEqual } from "node:util";
import type { EpochPoint } from "../report/index.js";
import type { LoggedEvent, TrainedEvent, TrainEvent } from "./events.js";
import { phaseSeconds } from "./phase-seconds.js";
import type { TrainResult } from "./train-job.js";

export interface ShownTraining {
  /** Logs of older versions do not tell. */
  readonly asked: TrainEvent | undefined;
  /** Undefined before its test. */
  readonly trained: TrainResult | undefined;
  /** What was told twice, before and after a kill, is here once. */
  readonly curve: readonly EpochPoint[];
  readonly seconds: number;
}

/** The training that was tested last; the last one begun where none was tested. */
export function findTraining(events: readonly (LoggedEvent | TrainedEvent)[]): ShownTraining | undefined {
  const { sittings, tested } = listSittings(events);
  const last = tested ?? sittings.at(-1);
  if (last === undefined) return undefined;
  const own = sameTraining(sittings, last).flatMap(({ events }) => events);
  const epochs = own.filter((event) => event.type === "network-epoch");
  return {
    asked: last.asked,
    trained: last.trained,
    curve: [...new Map(epochs.map((epoch) => [epoch.epoch, epoch])).values()],
    seconds: phaseSeconds(own).network,
  };
}

/** From the start of one process that trains a network to its end. */
interface Sitting {
  readonly asked: TrainEvent | undefined;
  /** Steps that it found done. */
  readonly done: number;
  readonly events: LoggedEvent[];
  trained: TrainResult | undefined;
}

/** In the order of their beginnings, and which of them was tested last. */
function listSittings(events: readonly (LoggedEvent | TrainedEvent)[]): {
  readonly sittings: readonly Sitting[];
  readonly tested: Sitting | undefined;
} {
  const sittings: Sitting[] = [];
  let tested: Sitting | undefined;
  /** By their processes, which may work at the same time: what was asked for last, and the sitting that came of it. */
  const asked = new Map<number | undefined, TrainEvent>();
  const latest = new Map<number | undefined, Sitting>();
  const begin = (pid: number | undefined, sitting: Sitting) => {
    sittings.push(sitting);
    latest.set(pid, sitting);
    asked.delete(pid);
  };
  for (const event of events) {
    const { pid } = event;
    const sitting = latest.get(pid);
    if (event.type === "train") {
      asked.set(pid, event);
    } else if (event.type === "phase" && event.phase === "network") {
      begin(pid, { asked: asked.get(pid), done: event.done, events: [event], trained: undefined });
    } else if (event.type === "trained") {
      if (sitting && !sitting.trained) sitting.trained = event;
      else begin(pid, { asked: undefined, done: 0, events: [], trained: event });
      tested = latest.get(pid);
    } else if (isOfNetwork(event)) {
      sitting?.events.push(event);
    }
  }
  return { sittings, tested };
}

function isOfNetwork(event: LoggedEvent): boolean {
  if (event.type === "phase-done") return event.phase === "network";
  return event.type === "network-step" || event.type === "network-epoch";
}

/** The sittings of the training that `last` belongs to, from its start to there. */
function sameTraining(sittings: readonly Sitting[], last: Sitting): readonly Sitting[] {
  const own = [last];
  for (const sitting of sittings.slice(0, sittings.indexOf(last)).toReversed()) {
    if (!isAlike(sitting, last)) continue;
    // What begins at nothing is another training, unless the one before was killed when it had saved nothing yet.
    if (own[0].done === 0 && (sitting.asked === undefined || isOver(sitting))) break;
    own.unshift(sitting);
  }
  return own;
}

const isOver = ({ events }: Sitting) => events.some(({ type }) => type === "phase-done");

/** Older logs name the checkpoint only of sittings that ended with a test; one that did not may be of any. */
function isAlike(one: Sitting, other: Sitting): boolean {
  if (one.asked && other.asked) return isDeepStrictEqual(identity(one.asked), identity(other.asked));
  const checkpoint = checkpointOf(one);
  return checkpoint === undefined || checkpoint === checkpointOf(other);
}

const checkpointOf = ({ asked, trained }: Sitting) => asked?.checkpoint ?? trained?.checkpoint;

/** Without its time. */
function identity({ checkpoint, dataset, architecture, recipe }: TrainEvent): unknown {
  return { checkpoint, dataset, architecture, recipe };
}
