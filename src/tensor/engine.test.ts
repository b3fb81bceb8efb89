import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { SmashError } from "../errors.js";
import { Random } from "../random.js";
import {
  empty,
  fromArray,
  full,
  loadEngine,
  memoryStats,
  native,
  ones,
  resolveDevice,
  scope,
  setThreads,
  type Tensor,
  zeros,
} from "./index.js";
import { onCpu } from "./on-cpu.fixture.js";

setThreads(2);

/** The error that `run` throws. */
function thrown(run: () => unknown): SmashError {
  try {
    run();
  } catch (error) {
    if (error instanceof SmashError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("an error of the engine", () => {
  it(
    "names the operation and both shapes when they do not fit",
    onCpu(() => {
      const error = scope(() => thrown(() => ones([2, 3]).matmul(zeros([4, 5]))));
      expect(error.code).toBe("shape");
      expect(error.details.found).toBe("matmul(float32 [2, 3], float32 [4, 5]).");
    }),
  );

  it(
    "names a convolution's options as well",
    onCpu(() => {
      const error = scope(() =>
        thrown(() =>
          native().conv2d(
            ones([1, 3, 4, 4]).handle,
            ones([2, 4, 3, 3]).handle,
            null,
            [1, 1],
            [0, 0],
            [1, 1],
            1,
          ),
        ),
      );
      expect(error.details.found).toContain("float32 [1, 3, 4, 4], float32 [2, 4, 3, 3], null, [1, 1]");
    }),
  );

  it("has no C++ backtrace", () => {
    expect(scope(() => thrown(() => ones([2]).reshape([3]))).message).not.toMatch(/frame #|\n/);
  });

  it("is out-of-memory for a tensor no machine can hold, and the process goes on", () => {
    expect(thrown(() => empty([1e15], { dtype: "uint8" })).code).toBe("out-of-memory");
    expect(thrown(() => empty([2 ** 40, 2 ** 40])).code).toBe("out-of-memory");
    expect(scope(() => ones([3]).sum().item())).toBe(3);
  });

  it("leaves scopes and tensors as they were", () => {
    const before = memoryStats().liveTensors;
    for (let round = 0; round < 10; round++) {
      expect(() => scope(() => ones([2]).add(ones([3])))).toThrow(SmashError);
    }
    expect(memoryStats().liveTensors).toBe(before);
  });

  it("is a loss without a graph, or of several elements", () => {
    scope(() => {
      expect(thrown(() => ones([1]).backward()).code).toBe("shape");
      expect(thrown(() => ones([2]).requireGrad().mul(2).backward()).code).toBe("shape");
    });
  });
});

describe("the addon", () => {
  it("that is missing is code engine, with what to install", () => {
    const error = thrown(() => loadEngine("/nonexistent.node"));
    expect(error.code).toBe("engine");
    expect(error.message).toMatch(/no file \/nonexistent\.node.*libtorch-dev/);
  });

  it("that is no addon is code engine", () => {
    expect(thrown(() => loadEngine(new URL("index.ts", import.meta.url).pathname)).code).toBe("engine");
  });

  it("has just the functions that native-ops.ts declares", () => {
    const source = readFileSync(new URL("native-ops.ts", import.meta.url), "utf8");
    const declared = source.slice(source.indexOf("export interface NativeOps {")).split("\n").slice(1, -2);
    // Otherwise: node scripts/generate-bindings.mjs
    expect(declared.map((line) => line.trim())).toEqual(native().opSignatures());
  });

  it("checks the bytes of an array against the type they stand for", () => {
    expect(thrown(() => native().fromBytes(new Float32Array(4), [4], "float64", "cpu")).code).toBe("shape");
    expect(thrown(() => native().fromBytes(new Uint8Array(4), [-1, -4], "float32", "cpu")).code).toBe(
      "shape",
    );
  });
});

describe("devices", () => {
  it("are the ones of this machine", () => {
    expect(resolveDevice("cpu")).toBe("cpu");
    const automatic = native().cudaDevices() > 0 ? "cuda:0" : "cpu";
    expect(resolveDevice("auto")).toBe(automatic);
    expect(thrown(() => resolveDevice("cuda:99")).code).toBe("usage");
    expect(thrown(() => resolveDevice("tpu")).code).toBe("usage");
  });
});

describe("memory", () => {
  it(
    "is counted",
    onCpu(() => {
      const before = memoryStats();
      const block = full([1 << 20], 1);
      const held = memoryStats();
      expect(held.liveBytes - before.liveBytes).toBeGreaterThanOrEqual(4 << 20);
      expect(held.peakBytes).toBeGreaterThanOrEqual(held.liveBytes);
      block.dispose();
      expect(memoryStats().liveBytes).toBe(before.liveBytes);
    }),
  );

  it(
    "of random sizes is used again: no tensor lies in another, and little more is taken than is live at once",
    onCpu(() => {
      const random = Random.stream(0, "sizes");
      const held: { tensor: Tensor; value: number }[] = [];
      const before = process.memoryUsage.rss();
      const liveBefore = memoryStats().liveBytes;
      let peak = 0;
      for (let value = 0; value < 2000; value++) {
        if (held.length === 24) {
          const [{ tensor, value: written }] = held.splice(random.integer(0, held.length - 1), 1);
          expect(scope(() => tensor.sub(written).abs().max().item())).toBe(0);
          tensor.dispose();
        }
        // 4 KB to 8 MB, small ones as often as large ones.
        held.push({ tensor: full([Math.floor(2 ** random.uniform(10, 21))], value), value });
        peak = Math.max(peak, memoryStats().liveBytes - liveBefore);
      }
      for (const { tensor } of held) tensor.dispose();
      expect(memoryStats().liveBytes).toBe(liveBefore);
      expect(process.memoryUsage.rss() - before).toBeLessThan(1.6 * peak + 32e6);
    }),
  );

  it("reused for a new tensor does not change an old one's copy in JavaScript", () => {
    scope(() => {
      const first = fromArray(new Float32Array(1 << 16).fill(2), [1 << 16]);
      const copy = first.toArray();
      first.dispose();
      full([1 << 16], 7);
      expect(copy[0]).toBe(2);
    });
  });
});
