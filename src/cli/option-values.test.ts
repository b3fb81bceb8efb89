import { describe, expect, it } from "vitest";
import { parseChoice, parseCount, parseInteger, parseNumber } from "./option-values.js";

describe("whole numbers", () => {
  const parse = parseInteger("--count", { min: 1, max: 10 });

  it.each(["1", "10", "+7", "007"])("%j is one", (text) => {
    expect(parse(text)).toBe(Number(text));
  });

  it.each(["", " 1", "1.5", "1e1", "0x5", "five", "NaN", "Infinity", "0", "11", "-3"])(
    "%j is refused with the flag, the limits and the value",
    (text) => {
      expect(() => parse(text)).toThrow(
        `--count must be a whole number from 1 to 10. Found: "${text}". Fix: use --count 1, say.`,
      );
    },
  );

  it("one that a double cannot hold is refused with the largest", () => {
    expect(() => parseInteger("--seed", { min: 0 })("99999999999999999999")).toThrow(
      "--seed must be a whole number from 0 to 9007199254740991.",
    );
    expect(() => parseInteger("--seed")("-9007199254740993")).toThrow("from -9007199254740991 to");
  });
});

describe("decimal numbers", () => {
  const parse = parseNumber("--probability", { min: 0, max: 1 });

  it.each(["0", "1", ".05", "0.5", "5e-2", "1."])("%j is one", (text) => {
    expect(parse(text)).toBe(Number(text));
  });

  it.each(["", ".", "1.01", "-0.1", "5%", "0,5", "Infinity"])("%j is refused", (text) => {
    expect(() => parse(text)).toThrow(`--probability must be a number from 0 to 1. Found: "${text}".`);
  });
});

describe("counts", () => {
  const parse = parseCount("--max-parameters", { min: 1 });

  it.each([
    ["300000", 300_000],
    ["300k", 300_000],
    ["300K", 300_000],
    ["2.3M", 2_300_000],
    [".5M", 500_000],
    ["1G", 1e9],
  ])("%j is one", (text, value) => {
    expect(parse(text)).toBe(value);
  });

  it.each(["", "k", "0", "0k", "-1k", "1.5", "3m", "3kk", "3 k", "1e3", "1e3k"])(
    "%j is refused with the flag, the suffixes and the value",
    (text) => {
      expect(() => parse(text)).toThrow(
        `--max-parameters must be a whole number, or one with k, M or G (thousand, million, billion), 1 or more. Found: "${text}".`,
      );
    },
  );

  it("one that a double cannot hold is refused with the largest", () => {
    expect(() => parse("9999999999999G")).toThrow(/from 1 to 9007199254740991. Found: "9999999999999G"/);
  });
});

it("a word that is nearly one of the choices is told which", () => {
  const parse = parseChoice("--by", ["loss", "error"]);
  expect(parse("loss")).toBe("loss");
  expect(() => parse("eror")).toThrow('did you mean "error"?');
  expect(() => parse("x")).toThrow("--by must be one of loss, error.");
});
