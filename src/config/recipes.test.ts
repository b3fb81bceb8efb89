import { describe, expect, it } from "vitest";
import { networkOptions } from "./network-options.js";
import { presetNames } from "./presets.js";
import { applyRecipe, changeConfig } from "./recipes.js";
import { resolveConfig } from "./resolve-config.js";
import { parseRunConfig } from "./run-config.js";

const resolve = (preset: string, overrides: unknown = {}) =>
  resolveConfig({
    ...{ preset, overrides, seed: 0, device: "cpu", threads: 1, precision: "fp32" },
    dataset: { name: "cifar10", channels: 3, size: 32, classes: 10 },
  });

describe("a configuration", () => {
  it.each(presetNames)("of preset %s has none of the options, as those of older runs", (preset) => {
    const { networkTraining } = resolve(preset);
    expect(Object.keys(networkTraining).filter((name) => name in networkOptions)).toEqual([]);
  });

  it("with options survives being written and read", () => {
    const options = {
      ...{ cutout: 16, mixup: 1, stochasticDepth: 0.2, average: { decay: 0.99 } },
      ...{ randAugment: { operations: 2, magnitude: 14 }, earlyStopping: { patience: 10 } },
    };
    const config = resolve("small", { networkTraining: options });
    expect(config.networkTraining).toMatchObject(options);
    expect(parseRunConfig(JSON.parse(JSON.stringify(config)))).toEqual(config);
  });

  it.each([
    [{ mixpu: 0.2 }, 'did you mean "mixup"'],
    [{ randAugment: { operations: 2, magnitude: 31 } }, "magnitude"],
    [{ randAugment: { operation: 2, magnitude: 3 } }, "randAugment.operations"],
    [{ stochasticDepth: 1 }, "stochasticDepth"],
    [{ average: { decay: 1 } }, "decay"],
    [{ momentum: 1 }, "momentum"],
    [{ labelSmoothing: 1 }, "labelSmoothing"],
    [{ cutout: -1 }, "cutout"],
    [{ earlyStopping: 5 }, "earlyStopping"],
  ])("with %j is refused by name", (networkTraining, hint) => {
    expect(() => resolve("small", { networkTraining })).toThrow(hint);
  });

  it.each(["beta1", "labelSmoothing"])("with %s of 1 for the HyperNet is refused by name", (name) => {
    expect(() => resolve("small", { hypernetTraining: { [name]: 1 } })).toThrow(`hypernetTraining.${name}`);
    expect(() => resolve("small", { hypernetTraining: { [name]: 0.99 } })).not.toThrow();
  });
});

describe("a recipe", () => {
  it("paper is what every preset has", () => {
    for (const preset of presetNames) expect(applyRecipe(resolve(preset), "paper")).toEqual(resolve(preset));
  });

  it("strong changes the options alone, and paper takes them all back", () => {
    const config = resolve("demo");
    const strong = applyRecipe(config, "strong");
    expect(strong.networkTraining).toMatchObject({ epochs: 5, rate: 0.1, cutout: 16, labelSmoothing: 0.1 });
    expect({ ...strong, networkTraining: 0 }).toEqual({ ...config, networkTraining: 0 });
    expect(parseRunConfig(strong)).toEqual(strong);
    expect(applyRecipe(strong, "paper")).toEqual(config);
  });

  it("is changed by a file that is laid over it", () => {
    const strong = applyRecipe(resolve("demo"), "strong");
    const changed = changeConfig(strong, { networkTraining: { mixup: 0, randAugment: { magnitude: 9 } } });
    expect(changed.networkTraining).toEqual({
      ...strong.networkTraining,
      ...{ mixup: 0, randAugment: { operations: 1, magnitude: 9 } },
    });
    expect(() => changeConfig(strong, { networkTraning: {} })).toThrow('did you mean "networkTraining"');
  });
});
