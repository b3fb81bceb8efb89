/** For a shell, where the text needs it. */
export function quoted(text: string): string {
  return /^[\w:./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
