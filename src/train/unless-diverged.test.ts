import { expect, it } from "vitest";
import { SmashError } from "../errors.js";
import { unlessDiverged } from "./unless-diverged.js";

const failing = (code: "diverged" | "interrupted") => () => {
  throw new SmashError(code, { rule: "A.", found: "b.", fix: "c." });
};

it("a training that diverges gives what stands for it, and any other error passes", () => {
  expect(unlessDiverged(() => 0.5, NaN)).toBe(0.5);
  expect(unlessDiverged(failing("diverged"), NaN)).toBeNaN();
  expect(() => unlessDiverged(failing("interrupted"), NaN)).toThrow(SmashError);
});
