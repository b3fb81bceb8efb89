/** Sampling and perturbing cells. */

import { isDeepStrictEqual } from "node:util";
import { Random } from "../../random.js";
import type { Architecture } from "../any-architecture.js";
import { ofOtherSpace, requireThat } from "../invalid.js";
import { checkProbability, type PerturbOptions } from "../perturb.js";
import type { SearchSpace, TrainingStep } from "../search-space.js";
import { buildCellArchitecture, checkCellSettings, type CellSettings } from "./cell-settings.js";
import type { CellArchitecture } from "./cell-architecture.js";
import { cellEdges, operations, type Cell } from "./cell.js";

/** Probability that an edge is resampled: about one of the six. */
const perturbProbability = 0.15;

/** The cells of NAS-Bench-201 as a `SearchSpace`. */
export class CellSpace implements SearchSpace {
  readonly settings: CellSettings;

  /** Throws a SmashError ("config") for settings that cannot work. */
  constructor(settings: CellSettings) {
    checkCellSettings(settings);
    this.settings = settings;
  }

  sample(random: Random): CellArchitecture {
    return buildCellArchitecture(
      this.settings,
      cellEdges.map(() => random.choice(operations)),
    );
  }

  sampleForStep({ seed, step }: TrainingStep): CellArchitecture {
    if (this.settings.sampling === "uniform") {
      return this.sample(Random.stream(seed, "hypernet-architecture", step));
    }
    const round = Math.floor(step / operations.length);
    const random = Random.stream(seed, "hypernet-architecture", "fair", round);
    const orders = cellEdges.map(() => random.shuffle(operations));
    return buildCellArchitecture(
      this.settings,
      orders.map((order) => order[step % operations.length]),
    );
  }

  perturb(architecture: Architecture, random: Random, options: PerturbOptions = {}): CellArchitecture {
    const { probability = perturbProbability } = options;
    checkProbability(probability);
    if (architecture.space !== "nas-bench-201") throw ofOtherSpace("nas-bench-201", architecture);
    this.#requireOwn(architecture);
    if (probability === 0) return architecture;
    const isResampled = cellEdges.map(() => random.bernoulli(probability));
    // At least one edge changes: a perturbation that is the architecture itself would be scored twice.
    if (!isResampled.includes(true)) isResampled[random.integer(0, cellEdges.length - 1)] = true;
    const cell: Cell = architecture.cell.map((operation, edge) =>
      isResampled[edge] ? random.choice(operations.filter((other) => other !== operation)) : operation,
    );
    return buildCellArchitecture(this.settings, cell);
  }

  /** Throws a SmashError ("architecture") for a cell in a network of other sizes. */
  #requireOwn(architecture: CellArchitecture): void {
    const own = buildCellArchitecture(this.settings, architecture.cell);
    for (const name of ["input", "classes", "channels", "cells"] as const) {
      requireThat(isDeepStrictEqual(architecture[name], own[name]), name, {
        rule: `is ${JSON.stringify(own[name])} in this space.`,
        found: `${JSON.stringify(architecture[name])}.`,
        fix: "use the settings this architecture was made with.",
      });
    }
  }
}
