/** The process that `measureLatency` starts: runs one file again and again, and prints the quantiles of its times. */

import { quantile } from "../statistics/index.js";
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
const [medianMs, p10Ms, p90Ms] = [0.5, 0.1, 0.9].map((fraction) => quantile(times, fraction));
console.log(JSON.stringify({ medianMs, p10Ms, p90Ms }));
