/**
 * A thread that computes and the thread that watches it: events and the result come as messages, the wish to stop goes
 * through a shared flag, because a thread in the middle of a step reads no messages.
 */

import { parentPort, SHARE_ENV, Worker, workerData } from "node:worker_threads";
import { SmashError, type ErrorCode, type ErrorDetails } from "../errors.js";

type Message<Event> =
  | { readonly kind: "event"; readonly event: Event }
  | { readonly kind: "result"; readonly result: unknown }
  | {
      readonly kind: "error";
      readonly message: string;
      /** Of ours, or of a system error ("ENOSPC"). */
      readonly code: unknown;
      readonly details: unknown;
      /** Of a system error. */
      readonly path: unknown;
      readonly stack: string | undefined;
    };

/** How a thread is watched and stopped. */
export interface ThreadOptions<Event> {
  /** Called in this thread with every event of the other. */
  readonly onEvent?: (event: Event) => void;
  /** Asks the job to save what it has and end with `SmashError("interrupted")`. */
  readonly signal?: AbortSignal;
}

/** What a job needs from whoever runs it. */
export interface ThreadContext<Event> {
  readonly emit: (event: Event) => void;
  /** True once the user asked to stop: the job saves what it has and ends with `SmashError("interrupted")`. */
  readonly shouldStop: () => boolean;
  /** Milliseconds, from any origin. */
  readonly now: () => number;
}

/** Starts `module`, which calls `serveThread`, on a job that can be cloned; gives its result. */
export function runInThread<Event, Result>(
  module: URL,
  job: object,
  { onEvent, signal }: ThreadOptions<Event> = {},
): Promise<Result> {
  const stopFlag = new Int32Array(new SharedArrayBuffer(4));
  const stop = () => Atomics.store(stopFlag, 0, 1);
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop);
  // The engine, where this thread is the first to load it, tells OpenMP something through the environment.
  const worker = new Worker(module, { workerData: { job, stopFlag }, env: SHARE_ENV });
  return new Promise<Result>((resolve, reject) => {
    worker.on("message", (message: Message<Event>) => {
      try {
        if (message.kind === "event") onEvent?.(message.event);
        else if (message.kind === "result") resolve(message.result as Result);
        else reject(reviveError(message));
      } catch (error) {
        // A listener that cannot go on (a full disk, say) ends the job after a checkpoint.
        stop();
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
    worker.on("error", reject);
    worker.on("exit", (code) => reject(new Error(`the worker ended with code ${code}`)));
  }).finally(() => signal?.removeEventListener("abort", stop));
}

function reviveError({
  message,
  code,
  details,
  path,
  stack,
}: Extract<Message<unknown>, { kind: "error" }>): Error {
  const error =
    typeof code === "string" && typeof details === "object"
      ? new SmashError(code as ErrorCode, details as ErrorDetails)
      : Object.assign(new Error(message), code !== undefined && { code }, path !== undefined && { path });
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** The other end: runs the job this thread was started with and tells how it went. */
export async function serveThread<Job, Event>(
  run: (job: Job, context: ThreadContext<Event>) => Promise<unknown>,
): Promise<void> {
  const { job, stopFlag } = workerData as { readonly job: Job; readonly stopFlag: Int32Array };
  const send = (message: Message<Event>) => parentPort!.postMessage(message);
  try {
    const result = await run(job, {
      emit: (event) => send({ kind: "event", event }),
      shouldStop: () => Atomics.load(stopFlag, 0) !== 0,
      now: () => performance.now(),
    });
    send({ kind: "result", result });
  } catch (error) {
    const { code, path } = Object(error) as { readonly code?: unknown; readonly path?: unknown };
    const details = error instanceof SmashError ? error.details : undefined;
    send({
      kind: "error",
      message: String(error),
      code: typeof code === "string" ? code : undefined,
      path: typeof path === "string" ? path : undefined,
      // The cause may be anything, and may not be clonable.
      details: details && { rule: details.rule, found: details.found, fix: details.fix },
      stack: error instanceof Error ? error.stack : undefined,
    });
  }
}
