/** The marks of reads and writes; shape as well as colour tells them apart. */

import { colors } from "./draw-theme.js";
import { element, path } from "./svg.js";

export interface Place {
  readonly x: number;
  readonly y: number;
}

/** Radius of a mark where neighbouring banks are `pitch` pixels apart. */
export function markRadius(pitch: number): number {
  return Math.max(Math.min(pitch * 0.3, 4.6), 0.9);
}

/** Discs: banks that are read. */
export function readMarks(places: readonly Place[], radius: number): string {
  const data = places.map(
    ({ x, y }) =>
      path("M", x - radius, y) +
      path("a", radius, radius, 0, 1, 0, 2 * radius, 0) +
      path("a", radius, radius, 0, 1, 0, -2 * radius, 0) +
      "z",
  );
  return element("path", { d: data.join(""), fill: colors.read });
}

function triangle({ x, y }: Place, radius: number): string {
  const side = radius * 1.2;
  return path("M", x - side, y - radius) + path("h", 2 * side) + path("L", x, y + radius * 1.1) + "z";
}

/** Triangles pointing down into the bank: open where the layer adds, solid where it fills an empty bank. */
export function writeMarks(
  places: readonly (Place & { readonly fillsBank: boolean })[],
  radius: number,
): string {
  return [false, true]
    .map((fills) => {
      const data = places
        .filter((place) => place.fillsBank === fills)
        .map((place) => triangle(place, radius));
      if (data.length === 0) return "";
      const width = Math.min(radius * 0.4, 1.5);
      const fill = fills ? colors.write : colors.paper;
      return element("path", { d: data.join(""), fill, stroke: colors.write, "stroke-width": width });
    })
    .join("");
}
