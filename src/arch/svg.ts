/** The little SVG that drawings need: elements as strings, everything escaped. */

type Attributes = Readonly<Record<string, string | number | undefined>>;

function escape(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** Numbers with at most one decimal: a tenth of a pixel is not seen. */
function format(value: string | number): string {
  return typeof value === "number" ? String(Math.round(value * 10) / 10) : escape(value);
}

/** An element with attributes (those that are undefined are left out) and finished children. */
export function element(name: string, attributes: Attributes, children: readonly string[] = []): string {
  const list = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${format(value!)}"`)
    .join("");
  return children.length > 0 ? `<${name}${list}>${children.join("")}</${name}>` : `<${name}${list}/>`;
}

/** A text element; `content` is escaped. */
export function text(content: string, attributes: Attributes): string {
  return element("text", attributes, [escape(content)]);
}

/** What a reader (or a pointer resting on the parent) is told. */
export function title(content: string): string {
  return element("title", {}, [escape(content)]);
}

/** Path data from commands and numbers: `path("M", 1.25, 2)` gives "M1.3 2". */
export function path(command: string, ...numbers: readonly number[]): string {
  return command + numbers.map(format).join(" ");
}
