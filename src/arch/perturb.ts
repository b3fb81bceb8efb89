/**
 * Small random changes of an architecture (SMASH section 4).
 *
 * The elements are the choices the sampler makes: of every block the bank size, where it varies; of every layer the
 * number of slices read, each bank read, the units, the number of banks written, each bank written, which convolutions
 * there are, everything that is drawn of each, and the gates. An element that is resampled takes another value, with the
 * sampler's probabilities, if there is another one. Elements that were not resampled change only where they must (see
 * `perturb-layer.ts`). The number of layers stays, and a layer grows only into budget the others leave unused.
 */

import { SmashError } from "../errors.js";
import type { Random } from "../random.js";
import type { MemoryBankArchitecture, Block, Layer } from "./architecture.js";
import { slicesRead } from "./bank-sizes.js";
import { checkSpaceSettings } from "./check-space.js";
import { nonEmptyAfter } from "./memory-banks.js";
import { range } from "./numbers.js";
import { perturbBankSize } from "./perturb-bank-size.js";
import { perturbLayer } from "./perturb-layer.js";
import type { PerturbPass } from "./perturb-layer.js";
import { blockLimits, completeSettings } from "./space.js";
import type { BlockLimits, CompleteSettings, MemoryBankSettings } from "./space.js";
import { validateArchitecture } from "./validate.js";

/** How `perturbArchitecture` changes an architecture. */
export interface PerturbOptions {
  /** Probability that an element is resampled, 0 … 1. Default .05 (SMASH section 4), of cells .15. */
  readonly probability?: number;
}

/** Throws a SmashError ("config") for what is no probability. */
export function checkProbability(probability: number): void {
  if (probability >= 0 && probability <= 1) return;
  throw new SmashError("config", {
    rule: "A probability lies between 0 and 1.",
    found: `probability ${probability}.`,
    fix: "leave it out, or set it to a value from 0 to 1.",
  });
}

function perturbBlock(block: Block, limits: BlockLimits, pass: PerturbPass): Block {
  const { banks, layers: drafts } = perturbBankSize(block, limits, pass);
  let nonEmpty = banks.inputBanks;
  let unused = limits.sliceBudget - drafts.reduce((sum, { slices }) => sum + slices, 0);
  const layers = drafts.map((draft): Layer => {
    const slices = draft.slices + unused;
    const perturbed = perturbLayer(draft, { banks, nonEmpty, slices }, pass);
    unused = slices - slicesRead(perturbed, banks);
    nonEmpty = nonEmptyAfter(perturbed, nonEmpty);
    return perturbed;
  });
  return { ...block, bankChannels: banks.bankChannels, layers };
}

function perturbOnce(architecture: MemoryBankArchitecture, pass: PerturbPass): MemoryBankArchitecture {
  const limits = blockLimits(pass.settings);
  const blocks = architecture.blocks.map((block, index) => perturbBlock(block, limits[index], pass));
  return { ...architecture, blocks };
}

/** Resamples exactly one element, the first in a random order that makes a difference. */
function perturbOneElement(
  architecture: MemoryBankArchitecture,
  settings: CompleteSettings,
  random: Random,
): MemoryBankArchitecture {
  let count = 0;
  perturbOnce(architecture, { settings, random, isResampled: () => (count++, false) });
  for (const chosen of random.shuffle(range(0, count - 1))) {
    let asked = 0;
    const isResampled = () => asked++ === chosen;
    const perturbed = perturbOnce(architecture, { settings, random, isResampled });
    if (differ(perturbed, architecture)) return perturbed;
  }
  return architecture;
}

function differ(a: MemoryBankArchitecture, b: MemoryBankArchitecture): boolean {
  const text = ({ blocks }: MemoryBankArchitecture) =>
    JSON.stringify(blocks.map(({ bankChannels, layers }) => [bankChannels, layers]));
  return text(a) !== text(b);
}

/**
 * A valid architecture of the same space that differs in about `probability` of its elements, and in one at least;
 * probability 0 gives the architecture itself. Throws a SmashError ("architecture") for one of another space.
 */
export function perturbArchitecture(
  architecture: MemoryBankArchitecture,
  settings: MemoryBankSettings,
  random: Random,
  options: PerturbOptions = {},
): MemoryBankArchitecture {
  const { probability = 0.05 } = options;
  checkSpaceSettings(settings);
  const complete = completeSettings(settings);
  validateArchitecture(architecture, settings);
  checkProbability(probability);
  if (probability === 0) return architecture;
  const isResampled = () => random.bernoulli(probability);
  const perturbed = perturbOnce(architecture, { settings: complete, random, isResampled });
  return differ(perturbed, architecture) ? perturbed : perturbOneElement(architecture, complete, random);
}
