import { afterEach, describe, expect, it, vi } from "vitest";
import { fromArray, memoryStats, native, Recording, scope, type Tensor } from "./index.js";

afterEach(() => vi.restoreAllMocks());

/** Counts how often it runs, and on what. */
function counted() {
  const calls: (readonly Tensor[])[] = [];
  const body = (inputs: readonly Tensor[]) => {
    calls.push(inputs);
    return inputs[0].mul(2).add(1);
  };
  return { calls, body };
}

/** The addon as on a GPU: told to replay, it computes from the inputs of the last call of `body`, and calls no body. */
function pretendToRecord({ calls }: ReturnType<typeof counted>): string[] {
  const told: string[] = [];
  const tell = (what: string) => () => void told.push(what);
  vi.spyOn(native(), "canRecord").mockReturnValue(true);
  vi.spyOn(native(), "beginRecording").mockImplementation(tell("begin"));
  vi.spyOn(native(), "endRecording").mockImplementation(tell("end"));
  vi.spyOn(native(), "abandonRecording").mockImplementation(tell("abandon"));
  vi.spyOn(native(), "replay").mockImplementation((result) => {
    told.push("replay");
    const [input] = calls[calls.length - 1];
    scope(() => native().copyInto(result, input.mul(2).add(1).handle));
  });
  return told;
}

function run(recording: Recording, values: readonly number[], body: (inputs: readonly Tensor[]) => Tensor) {
  const input = fromArray(values, [values.length]);
  try {
    const result = recording.run([input], body);
    const numbers = result.toNumbers();
    result.dispose();
    return numbers;
  } finally {
    input.dispose();
  }
}

describe("a recording", () => {
  it("computes every call's result and gradients, whatever the device can", () => {
    const weight = fromArray([3], [1]).requireGrad();
    const recording = new Recording();
    for (let call = 1; call <= 5; call++) {
      const result = run(recording, [call], ([x]) => {
        native().clearGrads([weight.handle]);
        const y = weight.mul(x);
        y.sum().backward();
        return y.detach();
      });
      expect(result).toEqual([3 * call]);
      expect(weight.grad?.toNumbers()).toEqual([call]);
    }
    weight.dispose();
  });

  it("runs its body in the first three calls, the last of them recorded, and not again", () => {
    const made = counted();
    const told = pretendToRecord(made);
    const recording = new Recording();
    for (let call = 1; call <= 5; call++) {
      expect(run(recording, [call], made.body)).toEqual([2 * call + 1]);
      expect(made.calls).toHaveLength(Math.min(call, 3));
    }
    expect(told).toEqual(["begin", "end", "replay", "replay", "replay"]);
  });

  it("records anew for inputs of another shape, and where a scope has freed what was recorded", () => {
    const made = counted();
    const told = pretendToRecord(made);
    const recording = new Recording();
    const before = memoryStats().liveTensors;
    for (const values of [[1], [2], [3]]) run(recording, values, made.body);
    scope(() => expect(run(recording, [4, 5], made.body)).toEqual([9, 11]));
    expect(memoryStats().liveTensors).toBe(before);
    expect(run(recording, [6, 7], made.body)).toEqual([13, 15]);
    expect(told.filter((what) => what === "begin")).toHaveLength(3);
  });

  it("is freed on request, and then records anew", () => {
    const made = counted();
    const told = pretendToRecord(made);
    const recording = new Recording();
    const before = memoryStats().liveTensors;
    for (const values of [[1], [2], [3]]) run(recording, values, made.body);
    expect(memoryStats().liveTensors).toBeGreaterThan(before);
    recording.dispose();
    recording.dispose();
    expect(memoryStats().liveTensors).toBe(before);
    expect(run(recording, [4], made.body)).toEqual([9]);
    expect(told.filter((what) => what === "begin")).toHaveLength(2);
    recording.dispose();
  });

  it("leaves nothing behind where its body throws, and can be run again", () => {
    const made = counted();
    const told = pretendToRecord(made);
    const recording = new Recording();
    for (const values of [[1], [2]]) run(recording, values, made.body);
    const fail = () => {
      throw new Error("no memory");
    };
    const before = memoryStats().liveTensors;
    expect(() => run(recording, [3], fail)).toThrow("no memory");
    expect(memoryStats().liveTensors).toBe(before);
    expect(told).toEqual(["begin", "abandon"]);
    expect(run(recording, [4], made.body)).toEqual([9]);
  });
});
