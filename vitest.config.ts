import { defineConfig } from "vitest/config";

/** Replaces a module of Node's for all that is loaded after it, so it needs a process of its own. */
const mocking = "src/nn/safetensors-file.test.ts";

export default defineConfig({
  test: {
    pool: "forks",
    // Processes at a time: each uses all cores at times, but mostly waits for commands to start or for one thread.
    maxWorkers: 2,
    reporters: ["default", "./scripts/summary-reporter.mjs"],
    testTimeout: 180_000,
    setupFiles: ["test/default-device.setup.ts"],
    projects: [
      {
        extends: true,
        // The same processes for all files: starting one and loading libtorch takes longer than most of them.
        test: { name: "units", include: ["src/**/*.test.ts"], exclude: [mocking], isolate: false },
      },
      { extends: true, test: { name: "whole program", include: ["test/**/*.test.ts", mocking] } },
    ],
  },
});
