/**
 * The engine: loads the addon on first use (libtorch takes about a second, so `--help` must not pay for it), and
 * reads and sets what belongs to the process or thread: devices, threads, memory.
 */

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { SmashError, type ErrorCode } from "../errors.js";
import type { NativeOps } from "./native-ops.js";

/** From src/tensor and from dist/tensor alike. */
const addonPath = fileURLToPath(new URL("../../native/build/Release/smash_native.node", import.meta.url));

const fixes: Partial<Record<ErrorCode, string>> = {
  "out-of-memory": "use a smaller batch, a narrower space or fewer parallel jobs; what was saved is intact.",
  shape: "make the shapes, types and devices fit; the values above are the arguments in order.",
};

function nativeError(code: string, op: string, message: string, described: string): SmashError {
  const known = code as ErrorCode;
  return new SmashError(known, {
    rule: `${op} could not run: ${message.trim().split("\n")[0].replace(/\.?$/, ".")}`,
    found: `${op}(${described}).`,
    fix: fixes[known] ?? "this is a defect of the program; please report it with the line above.",
  });
}

let loaded: NativeOps | undefined;

/** The addon of this thread. Throws `SmashError("engine")` where it is not built or libtorch is gone. */
export function native(): NativeOps {
  loaded ??= load(addonPath);
  return loaded;
}

/**
 * OpenMP's threads wait for more work in a loop, for milliseconds, and keep the processor from everything else: of two
 * searches at once each step would take seven times as long as alone, with this it takes twice as long. So they sleep after
 * fewer turns, which costs a step on a quiet machine nothing. Read once, when the addon brings GCC's OpenMP along.
 */
function withShortWaits<T>(load: () => T): T {
  const { env } = process;
  if (env["GOMP_SPINCOUNT"] !== undefined || env["OMP_WAIT_POLICY"] !== undefined) return load();
  env["GOMP_SPINCOUNT"] = "1000";
  try {
    return load();
  } finally {
    delete env["GOMP_SPINCOUNT"];
  }
}

/** Loads the addon at `path`; apart from `native()` only for tests of a missing engine. */
export function load(path: string): NativeOps {
  try {
    const addon = withShortWaits(() => createRequire(import.meta.url)(path) as NativeOps);
    addon.setErrorFactory(nativeError);
    return addon;
  } catch (cause) {
    const reason = existsSync(path)
      ? String(cause instanceof Error ? cause.message : cause)
      : `no file ${path}`;
    throw new SmashError("engine", {
      rule: "The tensor engine (addon over libtorch) must be built and loadable.",
      found: `${reason}.`,
      fix: "apt-get install cmake make g++ libtorch-dev libopenblas0-openmp, then npm ci (or set LIBTORCH to a PyTorch).",
      cause,
    });
  }
}

/** "cpu", "cuda" or "cuda:N", as libtorch writes them. */
export type Device = string;

let usualDevice: Device = "cpu";

/** Where tensors are made unless an option says otherwise: "cpu" until `setDefaultDevice` changes it, in this thread. */
export function defaultDevice(): Device {
  return usualDevice;
}

/** Makes `defaultDevice` another; it should exist (see `resolveDevice`). */
export function setDefaultDevice(device: Device): void {
  usualDevice = device;
}

/** The device that a name stands for: `auto` is the first CUDA device where there is one, else the CPU; a device that is not there is an error. */
export function resolveDevice(requested: Device): Device {
  const cudaDevices = native().cudaDevices();
  if (requested === "auto") return cudaDevices > 0 ? "cuda:0" : "cpu";
  const index = requested === "cuda" ? 0 : Number(/^cuda:(\d+)$/.exec(requested)?.[1] ?? NaN);
  if (requested === "cpu" || index < cudaDevices) return requested;
  throw new SmashError("usage", {
    rule: "The device must be cpu, cuda, cuda:N or auto, and exist on this machine.",
    found: `--device ${requested}, with ${cudaDevices} CUDA devices.`,
    fix: "use --device cpu, or build against a PyTorch with CUDA (LIBTORCH).",
  });
}

/** Sets the number of CPU threads. libtorch starts with one thread here, in every worker: always set the number. */
export function setThreads(count: number): void {
  native().setThreads(count);
}

/** What tensors take. */
export interface MemoryStats {
  /** Tensors this thread holds. */
  readonly liveTensors: number;
  /** Bytes handed out to tensors of the process. */
  readonly liveBytes: number;
  /** Most bytes live at once. */
  readonly peakBytes: number;
}

/** The state of the allocator now. */
export function memoryStats(): MemoryStats {
  const [liveBytes, peakBytes] = native().memoryStats() as [number, number];
  return { liveTensors: native().liveTensors(), liveBytes, peakBytes };
}
