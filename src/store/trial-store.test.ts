import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { TrialStore } from "./trial-store.js";

it.runIf(existsSync("/dev/full"))("a full disk is told with the file, and what to do", () => {
  expect(() => new TrialStore("/dev/full")).toThrow(
    expect.objectContaining({ code: "disk-full", message: expect.stringContaining("/dev/full") as string }),
  );
});
