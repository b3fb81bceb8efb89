/**
 * Markup that is safe by construction: the `html` tag escapes every value that is not markup itself, so a hostile
 * class or run name can only ever be text.
 */

const marked = Symbol("markup");

/** Markup made by `html` or `trusted`. Keyed by a symbol: no parsed JSON can pass for it. */
export interface Markup {
  readonly [marked]: string;
}

export type Content = Markup | string | number | undefined | readonly Content[];

export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return trusted(strings.reduce((text, part, index) => text + render(values[index - 1]) + part));
}

/** Takes text as markup. Only for text that this program made, such as a drawn figure. */
export function trusted(markup: string): Markup {
  return { [marked]: markup };
}

/** The text of a piece of markup; plain content comes out escaped, `undefined` as nothing. */
export function render(content: Content): string {
  if (content === undefined) return "";
  if (typeof content === "string") return escapeHtml(content);
  if (typeof content === "number") return String(content);
  if (isMarkup(content)) return content[marked];
  return content.map(render).join("");
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Safe as text and inside quoted attributes. Control characters and lone surrogates, which XML forbids, become the replacement sign. */
export function escapeHtml(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => entities[character])
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, "\ufffd");
}

function isMarkup(content: Markup | readonly Content[]): content is Markup {
  return marked in content;
}
