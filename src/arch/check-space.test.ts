import { expect, test } from "vitest";
import { SmashError } from "../errors.js";
import { checkSpaceSettings } from "./check-space.js";
import { smallest, v1, v2 } from "./space.fixture.js";

test("the paper's space and the smallest one can be sampled", () => {
  checkSpaceSettings(v1);
  checkSpaceSettings(smallest);
  checkSpaceSettings({ ...v1, width: 30, depth: 12 });
  checkSpaceSettings(v2);
  checkSpaceSettings({ ...v1, stemWidth: 39 });
  checkSpaceSettings({ ...v1, kernel: 1, maxKernel: 3 });
  checkSpaceSettings({ ...v1, activationOrder: "post", batchNorm: "ops" });
});

test.each([
  [{ baseChannels: 0 }, "baseChannels"],
  [{ depth: 2.5 }, "depth 2.5"],
  [{ width: NaN }, "width NaN"],
  [{ bottleneck: 2e6 }, "bottleneck 2000000"],
  [{ input: { channels: -3, size: 32 } }, "input.channels -3"],
  [{ maxUnits: 44 }, "Set maxUnits to 42 or 48."],
  [{ maxUnits: 4 }, "Set maxUnits to 6."],
  [{ kernel: 4 }, "Set kernel to 3 or 5."],
  [{ stemKernel: 2 }, "Set stemKernel to 1 or 3."],
  [{ kernel: 5, maxDilation: 3 }, "so 13 pixels. Fix: Set maxDilation to 2 or less."],
  [{ kernel: 11, maxDilation: 1 }, "Set kernel to 9 or less."],
  [{ kernel: 1 }, "Set maxDilation to 1, or kernel to 3."],
  [{ input: { channels: 3, size: 30 } }, "input.size 30. Fix: Use --image-size 32, which"],
  [{ classes: 1 }, "Set classes to 2 or more."],
  [{ depthCompression: 9 }, "Set depthCompression to 8 or less, or width to 5 or more."],
  [{ maxKernel: 4 }, "Set maxKernel to 3 or 5."],
  [{ maxKernel: 1 }, "Set maxKernel to 3 or more."],
  [{ maxKernel: 11 }, "Set maxKernel to 9 or less."],
  [{ maxGroups: 0 }, "maxGroups 0"],
  [{ gates: true }, 'Set convolutions to "array", or gates to false.'],
  [{ activations: [] }, "activations lists at least one of relu, tanh, sigmoid, each once. Found: []."],
  [{ activations: ["relu", "relu"] as const }, "each once"],
  [
    { activations: ["relu", "gelu"] as unknown as ["relu"] },
    'Found: ["relu","gelu"]. Fix: Set activations to ["relu"]',
  ],
  [{ axes: "round" as "square" }, 'axes is "square" or "separate". Found: "round".'],
  [{ stemWidth: 40 }, "Set stemWidth to 39 or less."],
  [{ stemWidth: 1 }, "Set depthCompression to 2 or less, or stemWidth to 2 or more."],
  [
    // Blocks begin with 12, 14 and 14 banks.
    { depthCompression: 13, stemWidth: 6 },
    "so 12 input banks. Fix: Set depthCompression to 12 or less, or stemWidth and width to 7 or more.",
  ],
  // 24, 20 and 18 banks: a wide stem leaves the later blocks narrow.
  [{ depthCompression: 19, stemWidth: 12 }, "Set depthCompression to 18 or less, or width to 10 or more."],
  [{ depth: 8000 }, " * 7 rows * "],
  [{ kernel: 1, maxKernel: 5, maxDilation: 5 }, "Set maxDilation to 4 or less."],
  [{ depth: 100_000 }, "Lower width, depth or maxUnits, or raise depthCompression."],
])("settings with %j are rejected with the value and the fix: %s", (change, message) => {
  const check = () => checkSpaceSettings({ ...v1, ...change });
  expect(check).toThrow(SmashError);
  expect(check).toThrow(message);
});

test("the widths that a rejection asks for are enough", () => {
  checkSpaceSettings({ ...v1, depthCompression: 13, stemWidth: 7, width: 7 });
  checkSpaceSettings({ ...v1, depthCompression: 19, stemWidth: 12, width: 10 });
});
