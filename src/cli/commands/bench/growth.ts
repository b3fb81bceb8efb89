/**
 * How time grows with the depth of the architecture, the batch and the images of an epoch, at the narrow size: the
 * exponent of the power law through the measured times. It is 1 where they are proportional, and below where something
 * does not grow.
 */

import { formatTextTable } from "../../../report/index.js";
import { sampleArchitecture, type MemoryBankArchitecture } from "../../../arch/index.js";
import { Random } from "../../../random.js";
import { mean } from "../../../statistics/index.js";
import type { CommandContext } from "../../run-command.js";
import { betweenSteps, median, timeMs, type Benchmark } from "./benchmark.js";
import { planGrowth } from "./growth-figure.js";
import { batchSize, createTraining, sizes, type MeasuredTraining } from "./training.js";

const warmup = 2;

interface Series {
  readonly name: string;
  readonly values: readonly number[];
  /** A training for a value, and steps in what is timed. */
  readonly create: (
    value: number,
    common: CommandContext["common"],
  ) => {
    readonly training: MeasuredTraining["training"];
    readonly architecture: MemoryBankArchitecture;
    readonly steps: number;
  };
}

const { narrow } = sizes;

const series: readonly Series[] = [
  {
    name: "depth",
    values: [8, 16, 32, 64],
    create(depth, common) {
      const { training } = createTraining({ ...narrow, depth }, common);
      return { training, architecture: repeated(common.seed, depth), steps: 1 };
    },
  },
  {
    name: "batch",
    values: [25, 50, 100, 200],
    create(batch, common) {
      const { training } = createTraining({ ...narrow, depth: 16 }, common, { batch });
      return { training, architecture: repeated(common.seed, 16), steps: 1 };
    },
  },
  {
    name: "images of an epoch",
    values: [1000, 5000, 25_000],
    create(images, common) {
      const { training } = createTraining({ ...narrow, depth: 16 }, common, { images });
      return { training, architecture: repeated(common.seed, 16), steps: images / batchSize };
    },
  },
];

/** One sampled layer a block, `depth` times: all layers cost the same. */
function repeated(seed: number, depth: number): MemoryBankArchitecture {
  const shallow = sampleArchitecture({ ...narrow, depth: 1 }, Random.stream(seed, "bench-growth"));
  const blocks = shallow.blocks.map((block) => ({
    ...block,
    layers: Array.from({ length: depth }, () => block.layers[0]),
  }));
  return { ...shallow, blocks };
}

/** What was measured of one of them. */
export interface GrowthSeries {
  readonly name: string;
  readonly values: readonly number[];
  /** A value each. */
  readonly ms: readonly number[];
  readonly law: PowerLaw;
}

/** factor * x ** exponent */
export interface PowerLaw {
  readonly exponent: number;
  readonly factor: number;
}

export const growth: Benchmark = {
  steps: 9,
  hasFigure: true,
  async run(steps, context) {
    const { common, progress } = context;
    const measured: GrowthSeries[] = [];
    for (const { name, values, create } of series) {
      progress.start(`growth with ${name}`, values.length * (steps + warmup));
      // In turns, so that a machine that slows down slows all of them.
      const runs = values.map((value) => ({ ...create(value, common), times: [] as number[] }));
      for (let step = 0; step < steps + warmup; step++) {
        await betweenSteps(context);
        for (const [index, { training, architecture, times }] of runs.entries()) {
          const time = timeMs(() => training.runStep(architecture));
          if (step >= warmup) times.push(time);
          progress.update(step * values.length + index + 1);
        }
      }
      progress.stop();
      const ms = runs.map(({ times, steps: count }) => median(times) * count);
      measured.push({ name, values, ms, law: fitPowerLaw(values, ms) });
    }
    const rows = measured.flatMap(({ name, values, ms, law: { exponent } }) =>
      values.map((value, index) => ({
        ...{ size: `${name} ${value}`, precision: common.precision, oursMs: ms[index] },
        ...{ peerMs: null, floorMs: null, ratio: null },
        ...{ series: name, value, exponent, targetExponent: 1 },
      })),
    );
    const columns = ["", "ms", "exponent"].map((title) => ({ title, align: "right" as const }));
    const lines = rows.map(({ size, oursMs, exponent }) => [size, oursMs.toFixed(0), exponent.toFixed(2)]);
    return { rows, text: formatTextTable(columns, lines), figure: planGrowth(measured) };
  },
};

/** The least-squares line through log y over log x. */
export function fitPowerLaw(x: readonly number[], y: readonly number[]): PowerLaw {
  const [logX, logY] = [x, y].map((values) => values.map(Math.log));
  const [middleX, middleY] = [mean(logX), mean(logY)];
  const rise = logX.reduce((sum, value, index) => sum + (value - middleX) * (logY[index] - middleY), 0);
  const exponent = rise / logX.reduce((sum, value) => sum + (value - middleX) ** 2, 0);
  return { exponent, factor: Math.exp(middleY - exponent * middleX) };
}
