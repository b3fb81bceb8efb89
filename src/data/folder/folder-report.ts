/** What was found in an own image folder: balance, and every image that is not used, with the reason. */

import { z } from "zod";
import { leads } from "./scan-folder.js";

const count = z.int().nonnegative();

export const folderReportSchema = z.strictObject({
  /** Whether the folder itself has train and test, or a fifth of each class was drawn for testing. */
  split: z.enum(["folders", "drawn"]),
  /** Images used. */
  classes: z.array(z.strictObject({ name: z.string(), train: count, test: count })),
  /** Left out: cannot be decoded. */
  unreadable: z.array(z.strictObject({ path: z.string(), reason: z.string() })),
  /** Left out: shows exactly what `of` shows. */
  duplicates: z.array(z.strictObject({ path: z.string(), of: z.string(), otherClass: z.boolean() })),
  /** Left out of training: the test images have it too, as `of`. */
  inBoth: z.array(z.strictObject({ path: z.string(), of: z.string() })),
  /** Not looked at: links that lead out of the folder, back above themselves, or nowhere. */
  outside: z.array(z.string()),
  /** The same, and where they lead. */
  links: z.array(z.strictObject({ path: z.string(), leads: z.enum(leads) })),
  /** Not looked at: folders beside train and test. */
  unusedFolders: z.array(z.string()),
  /** Files that are no images by their names. */
  otherFiles: count,
});

export type FolderReport = z.infer<typeof folderReportSchema>;
