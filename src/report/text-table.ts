/** Rows as aligned columns for a terminal: numbers to the right, words to the left. */

/** A column's heading and side. */
export interface TextColumn {
  readonly title: string;
  /** Default "left". */
  readonly align?: "left" | "right";
}

/** No line break at the end, no spaces at the ends of lines. */
export function formatTextTable(
  columns: readonly TextColumn[],
  rows: readonly (readonly string[])[],
): string {
  const lines = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index].length)));
  const cell = (text: string, index: number) =>
    columns[index].align === "right" ? text.padStart(widths[index]) : text.padEnd(widths[index]);
  return lines.map((line) => line.map(cell).join("  ").trimEnd()).join("\n");
}
