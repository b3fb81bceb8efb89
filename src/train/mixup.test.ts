import { beforeAll, describe, expect, it } from "vitest";
import { Random } from "../random.js";
import { fromArray, normal, scope, setThreads, type Tensor } from "../tensor/index.js";
import { drawBeta, drawMixture, mixBatch, mixedCrossEntropy } from "./mixup.js";

beforeAll(() => setThreads(1));

const classes = 4;
const labels = [0, 3, 1, 1, 2];
const partners = [2, 0, 4, 1, 3];
const toLabels = (values: readonly number[]) =>
  fromArray(BigInt64Array.from(values, BigInt), [values.length]);
const drawLogits = () => normal([labels.length, classes], 1, { dtype: "float64" });

/** Targets with all their probability mass: the mixture, smoothed. [N, K] */
function mixedTargets(share: number, smoothing: number): number[][] {
  return labels.map((label, row) =>
    Array.from({ length: classes }, (_, k) => {
      const mixed = share * Number(label === k) + (1 - share) * Number(labels[partners[row]] === k);
      return (1 - smoothing) * mixed + smoothing / classes;
    }),
  );
}

function mixedLoss(logits: Tensor, share: number, smoothing: number): Tensor {
  const partnerLabels = toLabels(partners.map((position) => labels[position]));
  return mixedCrossEntropy(logits, { labels: toLabels(labels), partnerLabels, share }, { smoothing });
}

describe("the loss of a mixture", () => {
  it.each([
    [0.3, 0],
    [0.9, 0.1],
    [1, 0],
  ])("is the cross-entropy with the mixed targets: share %f, smoothing %f", (share, smoothing) => {
    scope(() => {
      const logits = drawLogits();
      const targets = fromArray(mixedTargets(share, smoothing).flat(), logits.shape, { dtype: "float64" });
      const expected = -targets.mul(logits.logSoftmax(1)).sum().item() / labels.length;
      expect(mixedLoss(logits, share, smoothing).item()).toBeCloseTo(expected, 12);
    });
  });

  it("has the gradient softmax - targets", () => {
    scope(() => {
      const logits = drawLogits().requireGrad();
      mixedLoss(logits, 0.3, 0.1).backward();
      const targets = mixedTargets(0.3, 0.1).flat();
      const expected = logits
        .detach()
        .softmax(1)
        .toNumbers()
        .map((probability, at) => (probability - targets[at]) / labels.length);
      for (const [at, value] of logits.grad!.toNumbers().entries())
        expect(value).toBeCloseTo(expected[at], 12);
    });
  });
});

it("images are mixed by the same shares, and stay channels-last", () => {
  scope(() => {
    const images = normal([5, 3, 2, 2], 2).channelsLast();
    const batch = { images, labels: toLabels(labels), count: 5 };
    const mixed = mixBatch(batch, { share: 0.3, partners });
    expect(mixed.images.isChannelsLast).toBe(true);
    expect(mixed.partnerLabels.toNumbers()).toEqual(partners.map((position) => labels[position]));
    const [before, after] = [images.toNumbers(), mixed.images.toNumbers()];
    for (const [at, value] of after.entries()) {
      const partner = partners[Math.floor(at / 12)] * 12 + (at % 12);
      expect(value).toBeCloseTo(0.3 * before[at] + 0.7 * before[partner], 6);
    }
  });
});

describe("shares", () => {
  it.each([0.2, 1, 4])("for alpha %f have the mean and variance of Beta(alpha, alpha)", (alpha) => {
    const random = Random.stream(1, "beta");
    const shares = Array.from({ length: 20_000 }, () => drawBeta(random, alpha));
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.012);
    expect(variance / (1 / (4 * (2 * alpha + 1)))).toBeCloseTo(1, 1);
  });

  it("for tiny alphas are 0 or 1, never undefined", () => {
    const random = Random.stream(2, "beta");
    for (let draw = 0; draw < 200; draw++) {
      const share = drawBeta(random, 1e-4);
      expect(Math.min(share, 1 - share)).toBeLessThan(0.01);
    }
  });

  it("and partners depend on seed and step alone", () => {
    const draw = (seed: number, step: number) => drawMixture(0.4, { count: 6, seed, step });
    expect(draw(1, 8)).toEqual(draw(1, 8));
    expect(draw(1, 8).share).toBe(drawBeta(Random.stream(1, "mixup", 8), 0.4));
    expect(draw(1, 9).share).not.toBe(draw(1, 8).share);
    expect([...draw(2, 8).partners].sort()).toEqual([0, 1, 2, 3, 4, 5]);
  });
});
