/**
 * A run on disk: self-contained, readable without the program. Events are appended, trials are
 * rows of a database; every other file is replaced as a whole.
 *
 *   config.json  events.jsonl  trials.sqlite  checkpoints/*.safetensors  best/architecture.json  test.json  report.html
 *   figures/  lock  surrogate.json (where a surrogate ranks)  rank-target.json (while a ranking of more is unfinished)
 */

import { join } from "node:path";
import { z } from "zod";
import type { Architecture } from "../arch/index.js";
import { describeDifference, parseRunConfig, type RunConfig } from "../config/index.js";
import { describeValue, SmashError } from "../errors.js";
import { removeLeftovers, replaceFile } from "../files.js";
import { appendLine, inFile, parseJson, readIfThere, readJsonLines } from "./json-files.js";

const versionsSchema = z.looseObject({
  smash: z.string(),
  node: z.string(),
  libtorch: z.string(),
  /** MD5 of an own folder's images. Published data sets have sums of their own; older runs are without it. */
  images: z.string().optional(),
});

/** What the run was made with: for the report and for other people's reproductions. */
export type Versions = Readonly<
  Pick<z.infer<typeof versionsSchema>, "smash" | "node" | "libtorch" | "images">
>;

/** A run on the disk. Reading throws `SmashError("config")` for damaged files, writing `disk-full`. */
export class RunFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  get configPath(): string {
    return join(this.path, "config.json");
  }

  get trialsPath(): string {
    return join(this.path, "trials.sqlite");
  }

  /** RUN/checkpoints/NAME.safetensors. */
  checkpointPath(name: string): string {
    return join(this.path, "checkpoints", `${name}.safetensors`);
  }

  /** Checkpoints of finalists' trainings, while there are any. */
  get finalistsPath(): string {
    return join(this.path, "checkpoints", "finalists");
  }

  /** Checkpoints of the networks that a surrogate learns from, while they are trained. */
  get reducedPath(): string {
    return join(this.path, "checkpoints", "reduced");
  }

  /** What a surrogate learns from. */
  get surrogatePath(): string {
    return join(this.path, "surrogate.json");
  }

  get bestPath(): string {
    return join(this.path, "best", "architecture.json");
  }

  /** Of the last network that was trained and tested. */
  get testPath(): string {
    return join(this.path, "test.json");
  }

  /** What a sitting of `smash rank` aims at, until it is reached. */
  get rankTargetPath(): string {
    return join(this.path, "rank-target.json");
  }

  get reportPath(): string {
    return join(this.path, "report.html");
  }

  /** RUN/figures/NAME.svg. */
  figurePath(name: string): string {
    return join(this.path, "figures", `${name}.svg`);
  }

  /** The saved configuration; undefined where there is no run yet. */
  async readConfig(): Promise<{ readonly config: RunConfig; readonly versions: Versions } | undefined> {
    const text = await readIfThere(this.configPath);
    return text === undefined ? undefined : parseSavedConfig(text, this.configPath);
  }

  /** The configuration of a run that must exist. */
  async requireConfig(): Promise<{ readonly config: RunConfig; readonly versions: Versions }> {
    const saved = await this.readConfig();
    if (saved) return saved;
    throw new SmashError("usage", {
      rule: "The run must be a folder that `smash search` made.",
      found: `no config.json in ${this.path}.`,
      fix: "give the folder that --out named, or run smash search first.",
    });
  }

  /** Starts a run, or joins the one that is there if its configuration is the same; clears up after killed writers. */
  async open(config: RunConfig, versions: Versions): Promise<void> {
    const folders = ["", "checkpoints", "best", "figures"].map((name) => join(this.path, name));
    for (const folder of folders) await removeLeftovers(folder);
    const saved = await this.readConfig();
    if (!saved) return this.#writeConfig(config, versions);
    const difference = describeDifference(saved.config, config);
    if (difference === undefined) return;
    throw new SmashError("config", {
      rule: `A run goes on only with the configuration it began with (${this.configPath}).`,
      found: `${difference}.`,
      fix: "use the same settings, or another --out for a new run; nothing was changed.",
    });
  }

  /** From now on the run knows its images (`versions.images`). */
  async noteImages(images: string): Promise<void> {
    const { config, versions } = await this.requireConfig();
    await this.#writeConfig(config, { ...versions, images });
  }

  async #writeConfig(config: RunConfig, versions: Versions): Promise<void> {
    await replaceFile(this.configPath, `${JSON.stringify({ ...config, versions }, null, 2)}\n`);
  }

  /** Writes RUN/best/architecture.json. */
  async writeBest(architecture: Architecture): Promise<void> {
    await replaceFile(this.bestPath, `${JSON.stringify(architecture, null, 2)}\n`);
  }

  /**
   * Appends one event, with the process that it is of; a line is lost at most when the machine stops in the middle of it.
   */
  appendEvent(event: object): void {
    appendLine(this.#events, { ...event, pid: process.pid });
  }

  /** All whole lines, oldest first. */
  readEvents(): Promise<readonly unknown[]> {
    return readJsonLines(this.#events);
  }

  get #events(): string {
    return join(this.path, "events.jsonl");
  }
}

/** The content of a run's config.json. Throws `SmashError("config")`. */
export function parseSavedConfig(
  text: string,
  path: string,
): { readonly config: RunConfig; readonly versions: Versions } {
  const json = parseJson(text, path);
  // What is no object is for the configuration's own parser to name.
  const { versions, ...config } = Object(json) as { versions?: unknown };
  const parsed = versionsSchema.safeParse(versions);
  if (!parsed.success) {
    throw new SmashError("config", {
      rule: `${path} must name the versions the run was made with.`,
      found: `${describeValue(versions)}.`,
      fix: "restore the file, or start a new run with another --out.",
    });
  }
  return { config: inFile(path, () => parseRunConfig(config)), versions: parsed.data };
}
