/**
 * What must hold of an architecture beyond the types of its fields: banks are filled in order and read only when filled,
 * channel counts fit together, sizes halve evenly. With settings, also that it belongs to that space.
 */

import type { MemoryBankArchitecture, Block, Layer } from "./architecture.js";
import { checkMembership } from "./check-membership.js";
import { positionSets } from "./convolution-choices.js";
import { requireThat } from "./invalid.js";
import { nonEmptyAfter } from "./memory-banks.js";
import type { MemoryBankSettings } from "./space.js";

/** Which convolutions of the 2x2 array may be active together (SMASH section 5, SMASHv2): those that are drawn together. */
const positionTexts = positionSets.map(({ positions }) => positions.join(","));

function isAscending(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => index === 0 || number > numbers[index - 1]);
}

function validateBanks(layer: Layer, path: string, nonEmpty: number): void {
  for (const name of ["reads", "writes"] as const) {
    requireThat(isAscending(layer[name]), `${path}.${name}`, {
      rule: "banks are listed once each, in ascending order.",
      found: `${layer[name].join(", ")}.`,
      fix: "Sort the list and remove repetitions.",
    });
  }
  const emptyRead = layer.reads.find((bank) => bank >= nonEmpty);
  requireThat(emptyRead === undefined, `${path}.reads`, {
    rule: "a layer reads only banks that the input or an earlier layer has filled.",
    found: `bank ${emptyRead}, while banks 0 to ${nonEmpty - 1} are filled here.`,
    fix: `Read banks 0 to ${nonEmpty - 1}, or let an earlier layer write bank ${emptyRead}.`,
  });
  let next = nonEmpty;
  for (const bank of layer.writes) {
    if (bank < nonEmpty) continue;
    requireThat(bank === next, `${path}.writes`, {
      rule: "empty banks are filled in order, none is skipped.",
      found: `bank ${bank}, while bank ${next} is still empty.`,
      fix: `Write bank ${next} first.`,
    });
    next++;
  }
}

function validateOutput(layer: Layer, path: string, bankChannels: number): void {
  const { units, writes } = layer;
  requireThat(units % bankChannels === 0, `${path}.units`, {
    rule: "units are a multiple of the block's bankChannels.",
    found: `units ${units}, bankChannels ${bankChannels}.`,
    fix: `Set units to ${Math.ceil(units / bankChannels) * bankChannels}.`,
  });
  requireThat(writes.length * bankChannels >= units, `${path}.writes`, {
    rule: "a layer writes at least units / bankChannels banks, so that no output is lost.",
    found: `${writes.length} banks of ${bankChannels} channels for ${units} units.`,
    fix: `Write ${units / bankChannels} banks or more, or lower units.`,
  });
}

function validateConvolutions(layer: Layer, path: string): void {
  const positions = layer.convolutions.map((convolution) => convolution.position).join(",");
  requireThat(positionTexts.includes(positions), `${path}.convolutions`, {
    rule: `the active positions of the 2x2 array are one of ${positionTexts.map((set) => `{${set}}`).join(", ")}.`,
    found: `{${positions}}.`,
    fix: "Add, remove or sort convolutions to give one of these sets.",
  });
  for (const [index, { position, kernel, groups }] of layer.convolutions.entries()) {
    const at = `${path}.convolutions[${index}]`;
    requireThat(
      kernel.every((size) => size % 2 === 1),
      `${at}.kernel`,
      {
        rule: "kernel sizes are odd, so that padding keeps the image's size.",
        found: `${kernel.join(" x ")}.`,
        fix: "Use 1, 3, 5, 7 or another odd size.",
      },
    );
    const inputs = position % 2 === 0 ? layer.bottleneck : layer.units;
    requireThat(inputs % groups === 0 && layer.units % groups === 0, `${at}.groups`, {
      rule: "groups divide the channels going into a convolution and those coming out.",
      found: `groups ${groups}, ${inputs} channels in, ${layer.units} out.`,
      fix: "Use groups 1 or another common divisor.",
    });
  }
  requireThat(
    isAscending(layer.gates) && (layer.gates.length === 0 || positions.includes("2")),
    `${path}.gates`,
    {
      rule: "gates are ascending junctions of two paths, so position 2 is active.",
      found: `gates ${layer.gates.join(", ")}, positions {${positions}}.`,
      fix: "Remove the gates, or add a convolution at position 2.",
    },
  );
}

function validateBlock(block: Block, path: string): void {
  const { inputChannels, bankChannels } = block;
  requireThat(inputChannels % bankChannels === 0, `${path}.inputChannels`, {
    rule: "a block's input fills whole banks: inputChannels is a multiple of bankChannels.",
    found: `inputChannels ${inputChannels}, bankChannels ${bankChannels}.`,
    fix: `Set inputChannels to ${Math.ceil(inputChannels / bankChannels) * bankChannels}.`,
  });
  let nonEmpty = inputChannels / bankChannels;
  for (const [index, layer] of block.layers.entries()) {
    const at = `${path}.layers[${index}]`;
    validateBanks(layer, at, nonEmpty);
    validateOutput(layer, at, bankChannels);
    validateConvolutions(layer, at);
    nonEmpty = nonEmptyAfter(layer, nonEmpty);
  }
}

/**
 * Throws a SmashError ("architecture") naming the field, its value and the fix unless the architecture can be built and,
 * given settings, belongs to that space.
 */
export function validateArchitecture(
  architecture: MemoryBankArchitecture,
  settings?: MemoryBankSettings,
): void {
  const { input, stem, blocks } = architecture;
  const step = 2 ** (blocks.length - 1);
  requireThat(input.size % step === 0, "input.size", {
    rule: `the size halves between blocks, so ${blocks.length} blocks need a multiple of ${step} pixels.`,
    found: `${input.size}.`,
    fix: `Use ${Math.ceil(input.size / step) * step} pixels, or fewer blocks.`,
  });
  requireThat(stem.kernel % 2 === 1, "stem.kernel", {
    rule: "the kernel size is odd, so that padding keeps the image's size.",
    found: `${stem.kernel}.`,
    fix: `Use ${stem.kernel - 1} or ${stem.kernel + 1}.`,
  });
  for (const [index, block] of blocks.entries()) validateBlock(block, `blocks[${index}]`);
  if (settings) checkMembership(architecture, settings);
}
