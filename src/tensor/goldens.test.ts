import { describe, expect, it } from "vitest";
import { expectClose, readGolden, toTensor, type StoredTensor } from "../../test/goldens/golden.js";
import { calls, withoutGolden, type CaseOptions, type Inputs } from "./golden-calls.fixture.js";
import { conv2d, native, normal, scope, setThreads, type DType, type Tensor } from "./index.js";

setThreads(2);

interface Case {
  readonly op: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, StoredTensor>>;
  readonly options: CaseOptions & { readonly running?: readonly StoredTensor[] };
  readonly outputs: readonly StoredTensor[];
  readonly cotangents: readonly StoredTensor[];
  readonly gradients: Readonly<Record<string, StoredTensor>>;
}

const cases = readGolden<Case[]>("ops");

/** The inputs of a case, those of four dimensions in the layout asked for. */
function makeInputs({ inputs, gradients }: Case, layout: string): Inputs {
  const made = Object.entries(inputs).map(([name, stored]) => {
    const tensor = toTensor(stored);
    const placed = layout === "channels-last" && stored.shape.length === 4 ? tensor.channelsLast() : tensor;
    return [name, name in gradients ? placed.requireGrad() : placed] as const;
  });
  return Object.fromEntries(made);
}

function weightedSum(outputs: readonly Tensor[], cotangents: readonly StoredTensor[]): Tensor {
  return outputs
    .map((output, index) => output.mul(toTensor(cotangents[index])).sum())
    .reduce((total, part) => total.add(part));
}

function check(golden: Case, layout: string): void {
  const inputs = makeInputs(golden, layout);
  const result = calls[golden.op](inputs, golden.options);
  const outputs = Array.isArray(result) ? result : [result];
  expect(outputs).toHaveLength(golden.outputs.length);
  for (const [index, output] of outputs.entries()) expectClose(output, golden.outputs[index], "output");
  const { running = [] } = golden.options;
  for (const [index, expected] of running.entries()) {
    expectClose(index === 0 ? inputs.mean : inputs.variance, expected, "running statistics");
  }
  if (golden.cotangents.length === 0) return;
  weightedSum(outputs, golden.cotangents).backward();
  for (const [name, expected] of Object.entries(golden.gradients)) {
    expectClose(inputs[name].grad!, expected, `gradient of ${name}`);
  }
}

/**
 * Debian 13's PyTorch 2.6 gives wrong gradients to the input of a row-major convolution whose channels do not fill its
 * blocks of 16 (its oneDNN 3.7.2; Python shows the same). Everything of ours is channels-last, which is right there too.
 */
const hasRightConvolutions = scope(() => {
  const [x, weight] = [normal([2, 8, 5, 7], 1), normal([8, 8, 3, 3], 2)];
  const gradient = (dtype: DType) => {
    const leaf = x.to({ dtype }).detach().requireGrad();
    conv2d(leaf, weight.to({ dtype }))
      .mul(normal([2, 8, 3, 5], 3).to({ dtype }))
      .sum()
      .backward();
    return leaf.grad!.to({ dtype: "float64" });
  };
  return gradient("float32").sub(gradient("float64")).abs().max().item() < 1e-3;
});

const needsRightConvolutions = ({ op }: Case, layout: string) =>
  layout === "row-major" && (op === "conv1d" || op === "conv2d");

describe.each(["row-major", "channels-last"])("PyTorch's values and gradients, %s", (layout) => {
  const relevant = cases.filter(
    ({ inputs }) => layout === "row-major" || Object.values(inputs).some(({ shape }) => shape.length === 4),
  );
  const [trusted, doubted] = [false, true].map((isDoubted) =>
    relevant.filter((golden) => needsRightConvolutions(golden, layout) === isDoubted),
  );
  it.each(trusted)("$name", (golden) => {
    scope(() => check(golden, layout));
  });
  it.skipIf(!hasRightConvolutions).each(doubted)("$name", (golden) => {
    scope(() => check(golden, layout));
  });
});

describe("the goldens", () => {
  const names = native()
    .opSignatures()
    .map((signature) => signature.slice(0, signature.indexOf("(")));

  it("cover every operation of the addon, or a reason is given", () => {
    const covered = new Set(cases.map(({ op }) => op));
    expect(names.filter((name) => !covered.has(name) && !withoutGolden.has(name))).toEqual([]);
  });

  it("have no reasons left for operations that have a golden or are gone", () => {
    const covered = new Set(cases.map(({ op }) => op));
    expect([...withoutGolden.keys()].filter((name) => covered.has(name) || !names.includes(name))).toEqual(
      [],
    );
  });
});
