import fc from "fast-check";
import { expect, test } from "vitest";
import { Random } from "../random.js";
import { perturbArchitecture } from "./perturb.js";
import { sampleArchitecture } from "./sample.js";
import { sampled, smallest, v1 } from "./space.fixture.js";
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
