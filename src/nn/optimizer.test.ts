import { describe, expect, it } from "vitest";
import { expectClose, readGolden, toTensor, type StoredTensor } from "../../test/goldens/golden.js";
import {
  full,
  memoryStats,
  normal,
  scope,
  setThreads,
  zeros,
  type DType,
  type Tensor,
} from "../tensor/index.js";
import {
  Adam,
  disposeAll,
  loadState,
  Sgd,
  type AdamOptions,
  type NamedTensors,
  type Optimizer,
  type SgdOptions,
} from "./index.js";

setThreads(2);

/** Every implementation, with options that touch all of its state. */
const implementations: readonly [string, (parameters: NamedTensors) => Optimizer][] = [
  ["Adam", (parameters) => new Adam(parameters, { weightDecay: 0.01 })],
  ["AdamW", (parameters) => new Adam(parameters, { weightDecay: 0.01, decoupled: true })],
  ["SGD", (parameters) => new Sgd(parameters, { weightDecay: 0.01 })],
];

interface Golden {
  readonly kind: "adam" | "sgd";
  readonly name: string;
  readonly options: AdamOptions & SgdOptions;
  readonly start: readonly StoredTensor[];
  readonly gradients: readonly (readonly (StoredTensor | null)[])[];
  readonly rates: readonly number[];
  readonly after: readonly (readonly StoredTensor[])[];
}

/** Gradients are given by way of a linear loss. */
function setGradients(parameters: readonly Tensor[], gradients: readonly (Tensor | null)[]): void {
  for (const [index, gradient] of gradients.entries()) {
    if (gradient) parameters[index].mul(gradient).sum().backward();
  }
}

const named = (parameters: readonly Tensor[]) =>
  new Map(parameters.map((parameter, index) => [`p${index}`, parameter]));

function followGolden(golden: Golden, prepare: (parameter: Tensor) => Tensor): void {
  const parameters = golden.start.map((stored) => prepare(toTensor(stored)).requireGrad());
  const optimizer =
    golden.kind === "adam"
      ? new Adam(named(parameters), golden.options)
      : new Sgd(named(parameters), golden.options);
  for (const [step, rate] of golden.rates.entries()) {
    optimizer.zeroGrad();
    const given = golden.gradients[step].map((stored) => stored && prepare(toTensor(stored)));
    setGradients(parameters, given);
    optimizer.step(rate);
    for (const [index, parameter] of parameters.entries()) {
      const found = parameter.to({ dtype: "float32" });
      expectClose(found, golden.after[step][index], `parameter ${index} after step ${step}`);
    }
  }
}

describe("steps are those of torch.optim", () => {
  const layouts: Record<string, (parameter: Tensor) => Tensor> = {
    "in one pass": (parameter) => parameter,
    "channels-last": (parameter) => (parameter.shape.length === 4 ? parameter.channelsLast() : parameter),
    "through ATen": (parameter) => parameter.to({ dtype: "float64" }),
  };
  const cases = readGolden<Golden[]>("optimizers").flatMap((golden) =>
    Object.keys(layouts).map((layout) => ({ golden, layout, name: golden.name })),
  );
  it.each(cases)("$name, $layout", ({ golden, layout }) => {
    scope(() => followGolden(golden, layouts[layout]));
  });
});

function makeParameters(dtype: DType = "float32"): Tensor[] {
  return [
    normal([4, 3, 3, 3], 1, { dtype }).channelsLast().requireGrad(),
    normal([5], 2, { dtype }).requireGrad(),
    normal([2, 3], 3, { dtype }).requireGrad(),
  ];
}

/** Steps `from` … `to` - 1 with gradients of their own; parameter 1 has none in every other step. */
function train(
  optimizer: Optimizer,
  parameters: readonly Tensor[],
  [from, to]: readonly [number, number],
): void {
  for (let step = from; step < to; step++) {
    scope(() => {
      optimizer.zeroGrad();
      const gradients = parameters.map(({ shape, dtype }, index) =>
        index === 1 && step % 2 === 0 ? null : normal(shape, 100 * step + index, { dtype }),
      );
      setGradients(parameters, gradients);
      optimizer.step(0.01 / (step + 1));
    });
  }
}

const values = (tensors: Iterable<Tensor>) => Array.from(tensors, (tensor) => tensor.toArray());

describe.each(implementations)("%s", (_, make) => {
  it.each(["float32", "bfloat16"] as const)(
    "goes on bit for bit after its state was restored, in %s",
    (dtype) => {
      scope(() => {
        const whole = makeParameters(dtype);
        const wholeOptimizer = make(named(whole));
        train(wholeOptimizer, whole, [0, 7]);

        const first = makeParameters(dtype);
        const firstOptimizer = make(named(first));
        train(firstOptimizer, first, [0, 3]);
        const resumed = makeParameters(dtype);
        const resumedOptimizer = make(named(resumed));
        loadState(named(resumed), named(first));
        loadState(resumedOptimizer.state(), firstOptimizer.state());
        train(resumedOptimizer, resumed, [3, 7]);

        expect(values(resumed)).toEqual(values(whole));
        expect(values(resumedOptimizer.state().values())).toEqual(values(wholeOptimizer.state().values()));
      });
    },
  );

  it("leaves a parameter without a gradient alone, and its state", () => {
    scope(() => {
      const parameters = makeParameters();
      const optimizer = make(named(parameters));
      train(optimizer, parameters, [1, 2]);
      const before = parameters[1].toArray();
      const stateBefore = [...optimizer.state()].filter(([name]) => name.endsWith("p1"));
      const copies = values(stateBefore.map(([, tensor]) => tensor));
      train(optimizer, parameters, [2, 3]);
      expect(parameters[1].toArray()).toEqual(before);
      expect(values(stateBefore.map(([, tensor]) => tensor))).toEqual(copies);
    });
  });

  it("drops gradients: none is left over for the next step", () => {
    scope(() => {
      const parameters = makeParameters();
      const optimizer = make(named(parameters));
      setGradients(parameters, [null, normal([5], 1), null]);
      optimizer.zeroGrad();
      expect(parameters.map((parameter) => parameter.grad)).toEqual([undefined, undefined, undefined]);
    });
  });

  it("makes no tensors but its state", () => {
    const parameters = makeParameters();
    const before = memoryStats().liveTensors;
    const optimizer = make(named(parameters));
    train(optimizer, parameters, [0, 3]);
    expect(memoryStats().liveTensors).toBe(before + optimizer.state().size);
    disposeAll(optimizer.state(), named(parameters));
  });

  it("keeps state in the layout of its parameters, for the one-pass step", () => {
    scope(() => {
      const parameters = makeParameters();
      const ofFirst = [...make(named(parameters)).state()].filter(([name]) => name.endsWith("p0"));
      expect(ofFirst.map(([, { isChannelsLast }]) => isChannelsLast)).not.toContain(false);
      expect(ofFirst.map(([, { requiresGrad }]) => requiresGrad)).not.toContain(true);
    });
  });
});

it("Adam counts the steps of every parameter of its own", () => {
  scope(() => {
    const parameters = makeParameters();
    const optimizer = new Adam(named(parameters));
    train(optimizer, parameters, [0, 5]);
    expect(optimizer.state().get("steps")!.toArray()).toEqual(BigInt64Array.of(5n, 2n, 5n));
  });
});

it("Adam's epsilon is 1e-8 unless another is asked for: such a slope makes half a step", () => {
  scope(() => {
    const parameter = zeros([1], { dtype: "float64" }).requireGrad();
    const optimizer = new Adam(named([parameter]));
    setGradients([parameter], [full([1], 1e-8, { dtype: "float64" })]);
    optimizer.step(1);
    expect(parameter.item()).toBeCloseTo(-0.5, 6);
  });
});
