import { expect, it } from "vitest";
import { builtModule, runScript, runSmash } from "../src/cli/built-cli.fixture.js";

/** Multiplies for two seconds while a second thread sends a signal every tenth of a millisecond. */
const script = (tensors: string) => `
  import { once } from "node:events";
  import { Worker } from "node:worker_threads";
  import { normal, scope, setThreads } from ${JSON.stringify(tensors)};
  setThreads(2);
  process.on("SIGUSR2", () => {});
  const sender = new Worker(\`
    const pause = new Int32Array(new SharedArrayBuffer(4));
    for (;;) { process.kill(process.pid, "SIGUSR2"); Atomics.wait(pause, 0, 0, .1); }
  \`, { eval: true });
  for (const end = performance.now() + 2000; performance.now() < end; ) {
    scope(() => normal([100, 90], 1).matmul(normal([90, 3000], 2)));
  }
  await once(process, "SIGUSR2");
  await sender.terminate();
  console.log("handled");
`;

it("matrix products survive signals: Ctrl-C with a handler, a profiler", async () => {
  const { code, stdout, stderr } = await runScript(script(builtModule("../tensor/index.js")));
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "handled\n", stderr: "" });
}, 60_000);

it("Ctrl-C ends a benchmark between two of its steps", async () => {
  let isSent = false;
  const { code, stderr } = await runSmash("bench input --steps 1000000 --threads 1".split(" "), {
    onStderr: (text, kill) => {
      if (isSent || !text.includes("input narrow")) return;
      isSent = true;
      kill("SIGINT");
    },
  });
  expect({ code, isSent }).toEqual({ code: 130, isSent: true });
  expect(stderr).toContain("stopping…");
}, 60_000);
