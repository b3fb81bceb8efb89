/** Whether all files of a data set are there. */

import { join } from "node:path";
import { fileSize } from "../files.js";

/** The paths of the files `names` in `folder`; undefined when one is missing. */
export async function locateFiles(
  folder: string,
  names: readonly string[],
): Promise<readonly string[] | undefined> {
  const paths = names.map((name) => join(folder, name));
  for (const path of paths) {
    if ((await fileSize(path)) === undefined) return undefined;
  }
  return paths;
}
