/** The search space that a command about architectures is told: a preset's, with what a file changes of it. */

import { changeConfig, findPreset, resolveConfig, type Preset } from "../../../config/index.js";
import type { SearchSettings } from "../../../network/index.js";
import { readConfigFile } from "../../config-file.js";

export interface SpaceFlags {
  readonly preset: string;
  /** Of the file, the space and the HyperNet count; what else it holds is checked and has no effect. */
  readonly config?: string | undefined;
}

/** A space with its HyperNet, by the name of its preset. The paper's network lies in a preset's own space only. */
export type ChosenSpace = SearchSettings & Pick<Preset, "name" | "paperParameters">;

/** Throws `SmashError("config")` for unknown keys; whether the space can be sampled is asked when it is made. */
export async function chooseSpace({ preset: name, config: file }: SpaceFlags): Promise<ChosenSpace> {
  const preset = findPreset(name);
  if (file === undefined) return preset;
  const { input, classes } = preset.space;
  const dataset = { name: "any", ...input, classes };
  const machine = { seed: 0, device: "cpu", threads: 1, precision: "fp32" } as const;
  const plain = resolveConfig({ preset: name, dataset, ...machine });
  return { ...changeConfig(plain, await readConfigFile(file)), name };
}
