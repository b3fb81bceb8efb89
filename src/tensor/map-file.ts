/** Files as memory: pages are read when they are used and dropped when memory is short. */

import { native } from "./engine.js";

/**
 * `length` bytes of the file from `offset` on, unmapped when they are collected. Writing to them changes neither the
 * file nor another mapping. The file must not be made shorter meanwhile. Throws `SmashError("engine")` with the path.
 */
export function mapFile(
  path: string,
  { offset, length }: { readonly offset: number; readonly length: number },
): Uint8Array {
  return new Uint8Array(native().mapFile(path, offset, length));
}
