import { describe, expect, it } from "vitest";
import { createSpace, encode, encodingChange } from "../arch/index.js";
import { cells } from "../arch/space.fixture.js";
import { Random } from "../random.js";
import { chooseCandidate, drawCandidates } from "./gradient-move.js";

const space = createSpace(cells);
const start = space.sample(Random.stream(1, "test"));
const draw = (gradient: Float32Array, count = 24) =>
  drawCandidates(start, gradient, { space, random: Random.stream(2, "test"), count });

/** dE/dc of a loss that counts the entries in which a cell differs from the start. */
const towards = (sign: number) => encode(start, space.settings).data.map((value) => sign * (1 - 2 * value));

describe("a move along dE/dc", () => {
  it("predicts a linear loss exactly", () => {
    for (const { architecture, predictedChange, changedShare } of draw(towards(1))) {
      const { data } = encodingChange(start, architecture, space.settings);
      expect(predictedChange).toBe(data.filter((change) => change !== 0).length);
      expect(changedShare).toBe(predictedChange / data.length);
    }
  });

  it("is the candidate of the lowest prediction, its opposite the one of the highest", () => {
    for (const sign of [1, -1]) {
      const candidates = draw(towards(sign));
      const predictions = candidates.map(({ predictedChange }) => predictedChange);
      expect(chooseCandidate(candidates, "gradient").predictedChange).toBe(Math.min(...predictions));
      expect(chooseCandidate(candidates, "opposite").predictedChange).toBe(Math.max(...predictions));
      expect(Math.min(...predictions)).toBeLessThan(Math.max(...predictions));
    }
  });

  it("at random is the first candidate, whatever the gradient says", () => {
    const first = draw(towards(1), 1)[0].architecture;
    for (const sign of [1, -1]) {
      expect(chooseCandidate(draw(towards(sign)), "random").architecture).toEqual(first);
    }
  });

  it("draws the same first candidates, however many", () => {
    const architectures = (count: number) => draw(towards(1), count).map(({ architecture }) => architecture);
    expect(architectures(8).slice(0, 3)).toEqual(architectures(3));
  });
});
