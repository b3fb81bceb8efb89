import { expect, it } from "vitest";
import { formatTextTable } from "./text-table.js";

it("numbers are aligned to the right, words to the left, and lines end without spaces", () => {
  const columns = [{ title: "name" }, { title: "images", align: "right" }, { title: "note" }] as const;
  const rows = [
    ["cifar10", "60,000", ""],
    ["a", "5", "new"],
  ];
  expect(formatTextTable(columns, rows)).toBe(
    ["name     images  note", "cifar10  60,000", "a             5  new"].join("\n"),
  );
});
