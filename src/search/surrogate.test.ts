import { describe, expect, it } from "vitest";
import { architectureFeatures } from "../arch/index.js";
import { Random } from "../random.js";
import { spearman } from "../statistics/index.js";
import { spaceNames, spaceOf } from "./history.fixture.js";
import { fitSurrogate, type SurrogateExample } from "./surrogate.js";

/** Examples whose errors follow features, the loss and NASWOT, with noise. */
function makeExamples(space: string, count: number, name = "examples"): SurrogateExample[] {
  const random = Random.stream(5, name);
  return Array.from({ length: count }, () => {
    const architecture = spaceOf(space).sample(random);
    const { logFlops, ...choices } = architectureFeatures(architecture);
    const [validationLoss, naswot] = [random.uniform(1, 2), random.uniform(-1300, -900)];
    const choice = choices["block0.logDilation"] ?? choices["edge03.nor_conv_3x3"];
    const noise = random.uniform(-0.01, 0.01);
    const reducedError =
      0.9 - 0.03 * logFlops + 0.05 * choice + 0.05 * Math.log(validationLoss) + naswot / 1e4 + noise;
    return { architecture, validationLoss, naswot, reducedError };
  });
}

describe("a surrogate", () => {
  it.each(spaceNames)("orders networks of %s that it has not seen as their errors do", async (space) => {
    const { predict } = await fitSurrogate(makeExamples(space, 60));
    const others = makeExamples(space, 60, "others");
    const agreement = spearman(
      others.map((example) => predict(example)),
      others.map(({ reducedError }) => reducedError),
    );
    expect(agreement).toBeGreaterThan(0.8);
  });

  it.each(["validationLoss", "naswot"] as const)("knows the %s", async (name) => {
    const { predict } = await fitSurrogate(makeExamples("demo", 60));
    const [example] = makeExamples("demo", 1, "other");
    const worse = name === "naswot" ? 200 : 0.5;
    expect(predict({ ...example, [name]: example[name]! + worse })).toBeGreaterThan(predict(example) + 0.005);
  });

  it("learns from what has finite numbers, and says so", async () => {
    const examples = makeExamples("demo", 20);
    const spoilt = [
      { ...examples[0], reducedError: NaN },
      { ...examples[1], validationLoss: Infinity },
      { ...examples[2], naswot: NaN },
      ...examples.slice(3),
    ];
    const { checks, predict } = await fitSurrogate(spoilt);
    expect(checks.map(({ architecture }) => architecture)).toEqual(
      examples.slice(3).map(({ architecture }) => architecture),
    );
    const without = await fitSurrogate(examples.slice(3));
    expect(predict(examples[4])).toBe(without.predict(examples[4]));
  });

  it("expects nothing of a network whose generated weights explode", async () => {
    const examples = makeExamples("demo", 20);
    const { predict } = await fitSurrogate(examples);
    expect(predict({ ...examples[0], validationLoss: NaN })).toBe(Infinity);
    expect(predict({ ...examples[0], validationLoss: Infinity })).toBe(Infinity);
  });

  it("is checked by what it says of each example when it does not know it", async () => {
    const examples = makeExamples("demo", 30);
    const { checks, predict } = await fitSurrogate(examples);
    expect(checks.map(({ error }) => error)).toEqual(examples.map(({ reducedError }) => reducedError));
    const known = examples.map((example) => Math.abs(predict(example) - example.reducedError));
    const unknown = checks.map(({ error, predicted }) => Math.abs(predicted - error));
    known.forEach((difference, place) => expect(unknown[place]).toBeGreaterThanOrEqual(difference));
  });
});
