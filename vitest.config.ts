import { defineConfig } from "vitest/config";

/** Replaces a module of Node's for all that is loaded after it, so it needs a process of its own. */
const mocking = "src/nn/safetensors-file.test.ts";

export default defineConfig({
  test: {
    // One process at a time, because the addon's thread pools belong to a process.
    pool: "forks",
    maxWorkers: 1,
    reporters: ["default", "./scripts/summary-reporter.mjs"],
    testTimeout: 180_000,
    setupFiles: ["test/default-device.setup.ts"],
    projects: [
      {
        extends: true,
        // One process for all files: starting one and loading libtorch takes longer than most of them.
        test: { name: "units", include: ["src/**/*.test.ts"], exclude: [mocking], isolate: false },
      },
      { extends: true, test: { name: "whole program", include: ["test/**/*.test.ts", mocking] } },
    ],
  },
});
