import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    // The addon's thread pools belong to a process: one process a test file, and one at a time.
    pool: "forks",
    maxWorkers: 1,
    reporters: ["default", "./scripts/summary-reporter.mjs"],
    // Threads that wait in a loop slow down every other process on two cores.
    env: { OMP_WAIT_POLICY: "passive" },
    testTimeout: 180_000,
  },
});
