/** The state of data sets in the contract's JSON and as a table. */

import type { DatasetStatus } from "../../../data/index.js";
import { formatInteger, formatTextTable } from "../../../report/index.js";
import type { CommandResult } from "../../output.js";
import { describeFolderReport } from "./folder-text.js";

const columns = [
  { title: "data set" },
  { title: "present" },
  { title: "verified" },
  { title: "images", align: "right" },
  { title: "classes", align: "right" },
] as const;

/**
 * `{datasets: [{name, present, verified, images, classes}]}`, with `report` for an own folder; or one row each, the
 * folder below, and what is in own folders.
 */
export function presentStatuses(statuses: readonly DatasetStatus[], dataDir: string): CommandResult {
  const rows = statuses.map(({ name, present, verified, images, classes }) => [
    name,
    present ? "yes" : "no",
    verified ? "yes" : present ? "DAMAGED" : "–",
    formatInteger(images),
    formatInteger(classes),
  ]);
  return {
    json: {
      datasets: statuses.map(({ name, present, verified, images, classes, report }) => {
        return { name, present, verified, images, classes, ...(report && { report }) };
      }),
    },
    text: [
      formatTextTable(columns, rows),
      `in ${dataDir}`,
      ...statuses.flatMap(({ report }) => (report ? [describeFolderReport(report)] : [])),
    ].join("\n\n"),
  };
}
