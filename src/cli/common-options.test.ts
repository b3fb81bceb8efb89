import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { Command } from "commander";
import { expect, it } from "vitest";
import { addCommonOptions, readCommonOptions, refuseIgnored } from "./common-options.js";
import type { CommonOptions } from "./common-options.js";

function parse(...args: readonly string[]): CommonOptions {
  const program = new Command("smash");
  addCommonOptions(program);
  let read: CommonOptions | undefined;
  program.command("work").action((_: object, command: Command) => {
    read = readCommonOptions(command);
  });
  program.parse(args, { from: "user" });
  return read!;
}

it("has the contract's defaults", () => {
  expect(parse("work")).toEqual({
    json: false,
    quiet: false,
    verbose: false,
    device: "auto",
    threads: availableParallelism(),
    seed: 0,
    precision: "fp32",
    dataDir: undefined,
    given: new Set(),
  });
});

it("reads every option, before and after the command", () => {
  const options = parse(
    ...["--json", "--quiet", "--device", "cuda:1", "work", "--verbose", "--threads", "3"],
    ...["--seed", "7", "--precision", "bf16", "--data-dir", "data"],
  );
  expect(options).toEqual({
    json: true,
    quiet: true,
    verbose: true,
    device: "cuda:1",
    threads: 3,
    seed: 7,
    precision: "bf16",
    dataDir: resolve("data"),
    given: new Set(["json", "quiet", "verbose", "device", "threads", "seed", "precision", "dataDir"]),
  });
});

it("cannot be changed afterwards", () => {
  expect(Object.isFrozen(parse("work"))).toBe(true);
});

it("an option that would be ignored is refused, with what it goes with", () => {
  const { given } = parse("work", "--seed", "3");
  expect(() => refuseIgnored(given, { rank: "--run", threads: "--fast" })).not.toThrow();
  expect(() => refuseIgnored(given, { rank: "--run", seed: "--random" })).toThrow(
    /^--seed goes with --random\. Found: --seed without it\. Fix: leave out --seed\.$/,
  );
});
