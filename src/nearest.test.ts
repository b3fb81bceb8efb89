import { expect, test } from "vitest";
import { nearestName } from "./nearest.js";

test("a slip of the fingers finds the name that was meant", () => {
  expect(nearestName("unit", ["reads", "writes", "units"])).toBe("units");
  expect(nearestName("maxBnaks", ["maxBanks", "maxUnits"])).toBe("maxBanks");
  expect(nearestName("CIFAR-10", ["mnist", "cifar10", "cifar100"])).toBe("cifar10");
});

test("a name that resembles none of the known ones finds nothing", () => {
  expect(nearestName("temperature", ["reads", "writes", "units"])).toBeUndefined();
  expect(nearestName("a", ["b"])).toBeUndefined();
  expect(nearestName("units", [])).toBeUndefined();
});
