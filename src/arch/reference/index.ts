/** Known networks as architectures of the memory-bank space, by name. */

import type { MemoryBankArchitecture } from "../architecture.js";
import type { MemoryBankSettings } from "../space.js";
import { denseNet } from "./densenet.js";
import { fractalNet } from "./fractalnet.js";
import { resNet } from "./resnet.js";
import { wideResNet } from "./wide-resnet.js";

interface Reference {
  /** As its authors write it. */
  readonly title: string;
  readonly build: (settings: MemoryBankSettings) => MemoryBankArchitecture;
}

const references = {
  resnet: { title: "ResNet", build: resNet },
  "wide-resnet": { title: "Wide ResNet", build: wideResNet },
  densenet: { title: "DenseNet", build: denseNet },
  fractalnet: { title: "FractalNet", build: fractalNet },
} as const satisfies Readonly<Record<string, Reference>>;

/** Known networks that the memory-bank space contains. */
export type ReferenceName = keyof typeof references;

/** The names that `referenceArchitecture` knows. */
export const referenceNames = Object.keys(references) as readonly ReferenceName[];

export function referenceTitle(name: ReferenceName): string {
  return references[name].title;
}

/** The network of this name, sized to the settings; valid, and in their space where it fits. */
export function referenceArchitecture(
  name: ReferenceName,
  settings: MemoryBankSettings,
): MemoryBankArchitecture {
  return references[name].build(settings);
}
