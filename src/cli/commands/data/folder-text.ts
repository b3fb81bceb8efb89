/** What is in an own image folder, for people. */

import type { DatasetStatus } from "../../../data/index.js";
import { formatInteger, formatPercent, formatTextTable } from "../../../report/index.js";

type FolderReport = NonNullable<DatasetStatus["report"]>;

const moveImages = "to train on its images, move them to train";

/** Rows and lines shown of each kind; the JSON document has all of them. */
const mostShown = 20;

const columns = [
  { title: "class" },
  { title: "training", align: "right" },
  { title: "test", align: "right" },
  { title: "share", align: "right" },
] as const;

export function describeFolderReport(report: FolderReport): string {
  const { classes, split, unusedFolders, otherFiles } = report;
  const total = classes.reduce((sum, { train, test }) => sum + train + test, 0);
  const rows = classes.slice(0, mostShown).map(({ name, train, test }) => {
    return [name, formatInteger(train), formatInteger(test), formatPercent((train + test) / total)];
  });
  const sizes = classes.map(({ train }) => train);
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  const lines = [
    formatTextTable(columns, rows) + more(classes.length),
    "",
    `balance: ${formatInteger(least)} to ${formatInteger(most)} training images a class`,
    split === "folders"
      ? "training and test images as the folder has them"
      : "a fifth of each class was drawn as test images, the same at every start",
  ];
  const { unreadable, duplicates, inBoth, links } = report;
  list("unreadable, left out", unreadable, ({ path, reason }) => `${path}: ${reason}`);
  list("duplicates, left out", duplicates, ({ path, of, otherClass }) => {
    return `${path} is ${of}${otherClass ? ", in ANOTHER CLASS" : ""}`;
  });
  list("in training and test, removed from training", inBoth, ({ path, of }) => `${path} is ${of}`);
  list("folders beside train and test, not used", unusedFolders, (name) => `${name}: ${moveImages}`);
  list("links not followed", links, ({ path, leads }) => `${path} leads ${leads}`);
  if (otherFiles > 0) lines.push("", `${formatInteger(otherFiles)} files are no images by their names`);
  return lines.join("\n");

  function list<Item>(title: string, items: readonly Item[], describe: (item: Item) => string): void {
    if (items.length === 0) return;
    lines.push("", `${title}: ${formatInteger(items.length)}`);
    for (const item of items.slice(0, mostShown)) lines.push(`  ${describe(item)}`);
    if (items.length > mostShown) lines.push(more(items.length).slice(1));
  }
}

function more(count: number): string {
  return count > mostShown ? `\n  and ${formatInteger(count - mostShown)} more; --json lists all` : "";
}
