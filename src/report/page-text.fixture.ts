/** The visible text of a page, spaces collapsed. */
export function pageText(page: string): string {
  const body = page.slice(page.indexOf("<body"));
  return body.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
}
