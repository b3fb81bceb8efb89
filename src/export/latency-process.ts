/** The process that `measureLatency` starts: runs one file again and again, and prints the quantiles of its times. */

import { OnnxSession } from "./onnx-session.js";

interface Request {
  readonly path: string;
  readonly threads: number;
  readonly batch: number;
  readonly warmup: number;
  readonly runs: number;
}

const { path, threads, batch, warmup, runs } = JSON.parse(process.argv[2]) as Request;
const session = await OnnxSession.open(path, { threads });
// What the pixels are makes no difference to the time.
const images = new Uint8Array(batch * session.imageBytes).fill(127);
const times: number[] = [];
for (let index = -warmup; index < runs; index++) {
  const start = performance.now();
  await session.run(images);
  if (index >= 0) times.push(performance.now() - start);
}
times.sort((a, b) => a - b);
const quantile = (fraction: number) => times[Math.min(runs - 1, Math.floor(fraction * runs))];
console.log(JSON.stringify({ medianMs: quantile(0.5), p10Ms: quantile(0.1), p90Ms: quantile(0.9) }));
