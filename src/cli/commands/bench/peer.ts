/** The plain PyTorch program that a benchmark is compared with, as a process that takes one step a request. */

import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import {
  blockLimits,
  encodeArchitecture,
  encodingLayout,
  type MemoryBankArchitecture,
  type MemoryBankSettings,
} from "../../../arch/index.js";
import { SmashError } from "../../../errors.js";

export interface PeerStep {
  readonly ms: number;
  /** Most memory the process has held so far. */
  readonly peakBytes: number;
}

export interface Peer {
  step(request: object): Promise<PeerStep>;
}

/** A program in `bench/peer`. */
export type PeerProgram = "hypernet_step" | "network_step" | "ranking";

/** Debian's PyTorch belongs to its own Python, which need not be the first on the path. */
const candidates = process.env.SMASH_PYTHON ? [process.env.SMASH_PYTHON] : ["python3", "/usr/bin/python3"];

function findPython(): string | undefined {
  return candidates.find((python) => spawnSync(python, ["-c", "import torch"]).status === 0);
}

/** Whether there is a PyTorch to compare with: for benchmarks that say something without one too. */
export function hasPeer(): boolean {
  return findPython() !== undefined;
}

function requirePython(): string {
  const found = findPython();
  if (found !== undefined) return found;
  throw new SmashError("engine", {
    rule: "The benchmark's peer needs a Python with PyTorch.",
    found: `none among ${candidates.join(", ")}.`,
    fix: "apt-get install python3-torch, or set SMASH_PYTHON to a Python that has it.",
  });
}

/** Lets `work` ask the program for steps, and ends it. */
export async function withPeer<Result>(
  program: PeerProgram,
  settings: object,
  work: (peer: Peer) => Promise<Result>,
): Promise<Result> {
  const script = fileURLToPath(new URL(`../../../../bench/peer/${program}.py`, import.meta.url));
  const child = spawn(requirePython(), [script], {
    stdio: ["pipe", "pipe", "inherit"],
    // Out of the terminal's reach: Ctrl-C ends this program, which then ends the peer.
    detached: true,
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  // One that has ended says so when it is asked for its next step.
  child.stdin.on("error", () => undefined);
  child.stdin.write(`${JSON.stringify(settings)}\n`);
  const peer: Peer = {
    async step(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const { value, done } = (await lines.next()) as IteratorResult<string, undefined>;
      if (done === true) {
        throw new SmashError("engine", {
          rule: "The benchmark's peer must answer every step.",
          found: "it ended early.",
          fix: "see its message above.",
        });
      }
      return JSON.parse(value) as PeerStep;
    },
  };
  try {
    return await work(peer);
  } finally {
    child.kill();
  }
}

/** A space, and the sizes of the weights that serve all of it. */
export function describeSpaceToPeer(space: MemoryBankSettings) {
  return { space, channels: encodingLayout(space).channels, limits: blockLimits(space) };
}

/** An architecture with its encoding, as the peers read it: the positions of c that are on. */
export function describeToPeer(architecture: MemoryBankArchitecture, space: MemoryBankSettings) {
  const { data, channels, height, length } = encodeArchitecture(architecture, space);
  const active = Array.from(data.keys()).filter((index) => data[index] > 0);
  return { architecture, shape: [1, channels, height, length], active };
}
