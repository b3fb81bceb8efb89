import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Trial, TrialOrigin } from "../search/index.js";
import { fakeRun } from "./fake-run.fixture.js";
import { formatTrialTable } from "./table.js";

const { trials } = fakeRun();

describe("formatTrialTable", () => {
  test("shows the best ten under a header", () => {
    const lines = formatTrialTable(trials).split("\n");
    expect(lines).toHaveLength(11);
    expect(lines[0]).toBe("rank  error %   loss  parameters  multiply-adds  origin");
    const losses = lines.slice(1).map((line) => Number(line.trim().split(/\s+/)[2]));
    expect(losses).toEqual(losses.toSorted((one, other) => one - other));
  });

  test("orders by error when asked", () => {
    const lines = formatTrialTable(trials, { rankedBy: "error", limit: 3 }).split("\n").slice(1);
    const errors = lines.map((line) => Number(line.trim().split(/\s+/)[1]));
    expect(errors).toEqual(errors.toSorted((one, other) => one - other));
    expect(lines).toHaveLength(3);
  });

  test("shows every number in its column, and others where there is something to say of them", () => {
    const [first, second] = trials.slice(0, 2).map((trial, id) => ({
      ...{ ...trial, id, origin: "chain" as const, parameters: 45_200, flops: 1_230_000_000 },
      ...{ validationError: 0.1234, validationLoss: 0.5 + id, naswot: -1234.56 },
    }));
    expect(formatTrialTable([second, first]).split("\n")).toEqual([
      "rank  error %   loss  parameters  multiply-adds  origin",
      "   1    12.34  0.500       45.2k          1.23G  chain",
      "   2    12.34  1.500       45.2k          1.23G  chain",
    ]);
    const byError = formatTrialTable([first, { ...second, validationError: 0.1 }], { rankedBy: "error" });
    expect(byError.split("\n")[1]).toMatch(/^ +1 +10\.00 +1\.500 /);
    const tuned = { ...first, fineTuned: { validationLoss: 0.321, validationError: 0.9 } };
    expect(formatTrialTable([tuned, second], { rankedBy: "loss+naswot" }).split("\n")).toEqual([
      "rank  error %   loss  tuned  parameters  multiply-adds   NASWOT  origin",
      "   1    12.34  0.500  0.321       45.2k          1.23G  -1234.6  chain",
      "   2    12.34  1.500      –       45.2k          1.23G  -1234.6  chain",
    ]);
    const finalist = { ...second, trained: { epochs: 1, validationLoss: 0.1, validationError: 0.0987 } };
    expect(formatTrialTable([tuned, finalist], { rankedBy: "loss+naswot" }).split("\n")).toEqual([
      "rank  error %   loss  trained %  parameters  multiply-adds   NASWOT  origin",
      "   1    12.34  1.500       9.87       45.2k          1.23G  -1234.6  chain",
      "   2    12.34  0.500          –       45.2k          1.23G  -1234.6  chain",
    ]);
  });

  test("has predicted errors where these rank", () => {
    const [one, other] = [0.3456, 0.3333].map((predictedError, id): Trial => ({
      ...{ ...trials[0], id, predictedError, origin: "chain", validationError: 0.1234, validationLoss: 1.5 },
      ...{ parameters: 45_200, flops: 1.23e9 },
    }));
    expect(formatTrialTable([one, other], { rankedBy: "predicted" }).split("\n")).toEqual([
      "rank  error %   loss  parameters  multiply-adds  pred. %  origin",
      "   1    12.34  1.500       45.2k          1.23G    33.33  chain",
      "   2    12.34  1.500       45.2k          1.23G    34.56  chain",
    ]);
  });

  test("is only a header without trials", () => {
    expect(formatTrialTable([]).split("\n")).toHaveLength(1);
  });

  test("stays aligned and within 80 columns for any values", () => {
    const anyTrial = fc.record({
      validationError: fc.oneof(fc.double({ min: 0, max: 1 }), fc.constant(NaN)),
      validationLoss: fc.double(),
      parameters: fc.nat(),
      flops: fc.maxSafeNat(),
      // A store written by a newer version may hold origins unknown here.
      origin: fc.string({ maxLength: 60 }).map((text) => (text.replace(/\s/g, "") || "x") as TrialOrigin),
    });
    fc.assert(
      fc.property(fc.array(anyTrial, { minLength: 1, maxLength: 12 }), (values) => {
        const many = values.map((value, id): Trial => ({ ...trials[0], ...value, id }));
        const lines = formatTrialTable(many).split("\n");
        const originColumn = lines[0].indexOf("origin");
        for (const line of lines) {
          expect(line.length).toBeLessThanOrEqual(80);
          expect(line.slice(originColumn - 2, originColumn)).toBe("  ");
          expect(line[originColumn - 3]).not.toBe(" ");
        }
      }),
    );
  });
});
