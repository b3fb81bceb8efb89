/**
 * A study on disk: what was asked, every measurement as soon as it is made, and the result. A study that was killed goes
 * on where it was: what is measured is not measured again.
 *
 *   study.json  measurements.jsonl  result.json  figures/  runs/NAME/ (HyperNets it trains, each a run folder)
 */

import { join } from "node:path";
import { describeDifference, parseRunConfig } from "../config/index.js";
import { SmashError } from "../errors.js";
import { replaceFile } from "../files.js";
import {
  appendLine,
  inFile,
  parseJson,
  readIfThere,
  readJsonLines,
  RunFolder,
  type Versions,
} from "../store/index.js";
import type { StudyRequest } from "./request.js";

/** One number about one architecture. */
export interface Measurement {
  /** Position of the architecture in the study. */
  readonly item: number;
  /** "loss", "naswot", "truth.seed1", … */
  readonly measure: string;
  readonly value: number;
}

/** JSON has no NaN. */
type MeasurementLine = Omit<Measurement, "value"> & { readonly value: number | null };

interface SavedRequest extends StudyRequest {
  /** Who began the study. */
  readonly versions?: Versions;
}

export class StudyFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  get resultPath(): string {
    return join(this.path, "result.json");
  }

  figurePath(name: string): string {
    return join(this.path, "figures", `${name}.svg`);
  }

  /** The folder of a HyperNet that the study trains. */
  run(name: string): RunFolder {
    return new RunFolder(join(this.path, "runs", name));
  }

  /** Starts a study, or joins the one that is there if the same is asked. */
  async open(request: StudyRequest, versions: Versions): Promise<void> {
    const saved = await this.readRequest();
    if (saved === undefined) {
      await replaceFile(this.#request, `${JSON.stringify({ ...request, versions }, null, 2)}\n`);
      return;
    }
    // As JSON has it: without what is undefined.
    const asked = JSON.parse(JSON.stringify(request)) as SavedRequest;
    // Another version may go on.
    const difference = describeDifference(
      { ...saved, versions: undefined },
      { ...asked, versions: undefined },
    );
    if (difference === undefined) return;
    throw new SmashError("config", {
      rule: `A study goes on only with what it began with (${this.#request}).`,
      found: `${difference}.`,
      fix: "ask for the same, or give another --out for a new study; nothing was changed.",
    });
  }

  /**
   * What was asked of the study that is here, whichever version began it: settings that have come since have their
   * defaults. Undefined if there is none. Throws `SmashError("config")` for a damaged file.
   */
  async readRequest(): Promise<SavedRequest | undefined> {
    const text = await readIfThere(this.#request);
    if (text === undefined) return undefined;
    const request = parseJson(text, this.#request) as SavedRequest;
    return { ...request, config: inFile(this.#request, () => parseRunConfig(request.config)) };
  }

  /** Appends a measurement; at most the last line is lost when the machine stops. */
  append(measurement: Measurement): void {
    appendLine(this.#measurements, measurement);
  }

  /** All whole lines; a value that was not finite is NaN. */
  async readMeasurements(): Promise<readonly Measurement[]> {
    const lines = (await readJsonLines(this.#measurements)) as readonly MeasurementLine[];
    return lines.map((line) => ({ ...line, value: line.value ?? NaN }));
  }

  async writeResult(document: object): Promise<void> {
    await replaceFile(this.resultPath, `${JSON.stringify(document, null, 2)}\n`);
  }

  get #request(): string {
    return join(this.path, "study.json");
  }

  get #measurements(): string {
    return join(this.path, "measurements.jsonl");
  }
}
