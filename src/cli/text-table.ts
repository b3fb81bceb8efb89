/** Rows as aligned columns for a terminal: numbers to the right, words to the left. */

export interface Column {
  readonly title: string;
  /** Default "left". */
  readonly align?: "left" | "right";
}

/** No line break at the end, no spaces at the ends of lines. */
export function formatTextTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const lines = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index].length)));
  const cell = (text: string, index: number) =>
    columns[index].align === "right" ? text.padStart(widths[index]) : text.padEnd(widths[index]);
  return lines.map((line) => line.map(cell).join("  ").trimEnd()).join("\n");
}
