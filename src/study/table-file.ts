/** A table of cells and their accuracies after normal training: CSV with the columns architecture and test_accuracy_percent. */

import { formatCell, parseCell } from "../arch/index.js";
import { SmashError } from "../errors.js";

/** An architecture of a table of known errors. */
export interface TableRow {
  /** In the notation of cells. */
  readonly cell: string;
  /** Fraction of test images classified wrongly. */
  readonly error: number;
}

const header = "architecture,test_accuracy_percent";

/**
 * `limit`: so many rows, spread evenly over the table, because tables are often sorted. Throws `SmashError("usage")` that
 * names the line.
 */
export function parseTable(text: string, limit?: number): readonly TableRow[] {
  // Numbered before blank ones are left out: the number is what an editor shows.
  const [first, ...lines] = text
    .split(/\r?\n/)
    .map((line, index) => ({ line, number: index + 1 }))
    .filter(({ line }) => line.trim() !== "");
  if (first?.line.trim() !== header) {
    throw new SmashError("usage", {
      rule: `The first line of the table must be "${header}".`,
      found: `"${first?.line ?? ""}".`,
      fix: "give a CSV file with these two columns.",
    });
  }
  const rows = lines.map(({ line, number }) => parseLine(line, number));
  const count = Math.min(limit ?? rows.length, rows.length);
  if (count < 3) {
    throw new SmashError("usage", {
      rule: "A correlation needs at least 3 architectures.",
      found: `${count}.`,
      fix: "give a longer table, or a higher --limit.",
    });
  }
  return Array.from({ length: count }, (_, index) => rows[Math.floor((index * rows.length) / count)]);
}

function parseLine(line: string, number: number): TableRow {
  const [cell, accuracy = "", ...rest] = line.split(",");
  const percent = Number(accuracy);
  // Number("") is 0: an accuracy that is missing would be the worst there is.
  if (rest.length > 0 || accuracy.trim() === "" || !(percent >= 0 && percent <= 100)) {
    throw new SmashError("usage", {
      rule: "A line of the table is a cell and its accuracy in percent.",
      found: `line ${number}: "${line}".`,
      fix: "correct it.",
    });
  }
  return { cell: formatCell(parseCellOf(cell, number)), error: 1 - percent / 100 };
}

function parseCellOf(cell: string, number: number) {
  try {
    return parseCell(cell);
  } catch (error) {
    if (!(error instanceof SmashError)) throw error;
    const { rule } = error.details;
    throw new SmashError("usage", { ...error.details, rule: `Line ${number} of the table: ${rule}` });
  }
}
