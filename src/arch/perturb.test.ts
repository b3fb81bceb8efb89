import fc from "fast-check";
import { expect, test } from "vitest";
import { Random } from "../random.js";
import type { Block } from "./architecture.js";
import { unitChoices } from "./layer-choices.js";
import { perturbBankSize } from "./perturb-bank-size.js";
import { perturbArchitecture } from "./perturb.js";
import { sampleArchitecture } from "./sample.js";
import { blockLimits, completeSettings } from "./space.js";
import { sampled, smallest, v1, v2 } from "./space.fixture.js";
import { validateArchitecture } from "./validate.js";

test("a perturbed architecture is valid, inside its budget, and another one, at any probability", () => {
  fc.assert(
    fc.property(
      sampled,
      fc.constantFrom(1e-9, 0.05, 0.5, 1),
      ({ settings, architecture, seed }, probability) => {
        const random = Random.stream(seed, "perturb");
        const perturbed = perturbArchitecture(architecture, settings, random, { probability });
        validateArchitecture(perturbed, settings);
        expect(perturbed).not.toEqual(architecture);
      },
    ),
    { numRuns: 3000 },
  );
});

test("a hundred perturbations in a row stay inside the space", () => {
  fc.assert(
    fc.property(sampled, ({ settings, architecture, seed }) => {
      const random = Random.stream(seed, "chain");
      let current = architecture;
      for (let step = 0; step < 100; step++) {
        current = perturbArchitecture(current, settings, random, { probability: 0.2 });
      }
      validateArchitecture(current, settings);
    }),
    { numRuns: 40 },
  );
});

test("probability 0 is the identity", () => {
  fc.assert(
    fc.property(sampled, ({ settings, architecture, seed }) => {
      const random = Random.stream(seed);
      expect(perturbArchitecture(architecture, settings, random, { probability: 0 })).toEqual(architecture);
    }),
  );
});

test("even in the smallest space a perturbation finds something to change", () => {
  for (let seed = 0; seed < 300; seed++) {
    const architecture = sampleArchitecture(smallest, Random.stream(seed));
    expect(perturbArchitecture(architecture, smallest, Random.stream(seed))).not.toEqual(architecture);
  }
});

test("at the default probability about one choice in twenty changes", () => {
  const random = Random.stream(4);
  const changed = { dilations: 0, units: 0, layers: 0 };
  for (let run = 0; run < 200; run++) {
    const architecture = sampleArchitecture(v1, random);
    const perturbed = perturbArchitecture(architecture, v1, random);
    for (const [block, { layers }] of architecture.blocks.entries()) {
      for (const [index, layer] of layers.entries()) {
        const other = perturbed.blocks[block].layers[index];
        changed.layers++;
        if (other.units !== layer.units) changed.units++;
        if (other.convolutions[0].dilation[0] !== layer.convolutions[0].dilation[0]) changed.dilations++;
      }
    }
  }
  expect(changed.units / changed.layers).toBeCloseTo(0.05, 1.7);
  expect(changed.dilations / changed.layers).toBeCloseTo(0.05, 1.7);
});

test("with one element changed, layers it does not touch stay as they are", () => {
  const architecture = sampleArchitecture(v1, Random.stream(5));
  const perturbed = perturbArchitecture(architecture, v1, Random.stream(6), { probability: 1e-9 });
  const differing = architecture.blocks.filter(
    (block, index) => JSON.stringify(block) !== JSON.stringify(perturbed.blocks[index]),
  );
  expect(differing).toHaveLength(1);
});

test("an architecture of another space and a probability above 1 are rejected", () => {
  const architecture = sampleArchitecture(v1, Random.stream(7));
  const random = Random.stream(8);
  expect(() => perturbArchitecture(architecture, smallest, random)).toThrow("in this space");
  expect(() => perturbArchitecture(architecture, v1, random, { probability: 1.5 })).toThrow(
    "probability 1.5",
  );
});

/** A block of version 2 with banks of another size. */
function resize(block: Block, index: number, seed: number) {
  const pass = {
    settings: completeSettings(v2),
    random: Random.stream(seed, "resize"),
    isResampled: () => true,
  };
  return perturbBankSize(block, blockLimits(v2)[index], pass);
}

test("banks of another size hold the channels of the old ones that the block has room for, and units stay near", () => {
  for (let seed = 0; seed < 40; seed++) {
    for (const [index, block] of sampleArchitecture(v2, Random.stream(seed)).blocks.entries()) {
      const { banks, layers } = resize(block, index, seed);
      expect(banks.bankChannels).not.toBe(block.bankChannels);
      /** The channels of these banks, in steps of N. */
      const holds = (bank: number, size: number, at: number) => Math.floor((at * 8) / size) === bank;
      for (const [position, { layer }] of layers.entries()) {
        const old = block.layers[position];
        for (const key of ["reads", "writes"] as const) {
          const first = old[key].map((bank) => (bank * block.bankChannels) / 8);
          const expected = Array.from({ length: banks.maxBanks }, (_, bank) => bank).filter((bank) =>
            first.some((at) => holds(bank, banks.bankChannels, at)),
          );
          expect(layer[key]).toEqual(expected);
        }
        const off = unitChoices(completeSettings(v2), banks).map((units) => Math.abs(units - old.units));
        expect(Math.abs(layer.units - old.units)).toBe(Math.min(...off));
      }
    }
  }
});

test("with banks of another size, layers that read much leave room for the later ones", () => {
  const index = 2;
  const { sliceBudget } = blockLimits(v2)[index];
  const { blocks } = sampleArchitecture(v2, Random.stream(1));
  const [layer] = blocks[index].layers;
  // Slices of 2 banks: four layers read 14 each, six layers one; with banks of 56 channels none can read less than 7.
  const layers = Array.from({ length: 10 }, (_, position) => {
    const reads = Array.from({ length: position < 4 ? 28 : 2 }, (_, bank) => bank);
    return { ...layer, reads, writes: [0], units: 8 };
  });
  const sizes = new Set<number>();
  for (let seed = 0; seed < 20; seed++) {
    const resized = resize({ ...blocks[index], bankChannels: 8, layers }, index, seed);
    sizes.add(resized.banks.bankChannels);
    expect(resized.layers.reduce((sum, { slices }) => sum + slices, 0)).toBeLessThanOrEqual(sliceBudget);
  }
  expect(sizes).toContain(56);
});
