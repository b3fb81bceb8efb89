import { expect, it } from "vitest";
import type { DatasetInfo } from "../../../data/index.js";
import { silentProgress } from "../../silent-progress.js";
import { noteLeftOut } from "./note-left-out.js";

type LeftOut = NonNullable<DatasetInfo["folder"]>["leftOut"];

function notes(counts: Omit<LeftOut, "folders"> | undefined, folders: readonly string[] = []): string[] {
  const lines: string[] = [];
  const leftOut = counts && { ...counts, folders };
  const info = {
    ...{ name: "folder:/my photos", classes: ["a", "b"], channels: 3, size: 32 },
    ...{ train: { count: 8 }, test: { count: 2 } },
    ...(leftOut && { folder: { md5: "0", leftOut } }),
  };
  noteLeftOut({ ...silentProgress, log: (line) => lines.push(line) }, info);
  return lines;
}

it("images that a search is without are counted in one line that says how to list them", () => {
  expect(notes({ unreadable: 1, duplicates: 2, inBoth: 3 })).toEqual([
    "images left out: 1 unreadable, 2 duplicates, 3 in the test images too; npx smash data check 'folder:/my photos' lists them",
  ]);
});

it("kinds without any are not named", () => {
  expect(notes({ unreadable: 0, duplicates: 1, inBoth: 0 })).toEqual([
    expect.stringMatching(/^images left out: 1 duplicate; /),
  ]);
});

it("a folder beside train and test is named: it might be thought to be used", () => {
  expect(notes({ unreadable: 0, duplicates: 0, inBoth: 0 }, ["valid"])).toEqual([
    expect.stringMatching(/^beside train and test, not used: valid; move /),
  ]);
});

it("where every image is used there is nothing to say", () => {
  expect(notes({ unreadable: 0, duplicates: 0, inBoth: 0 })).toEqual([]);
  expect(notes(undefined)).toEqual([]);
});
