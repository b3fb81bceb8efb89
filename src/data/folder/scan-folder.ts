/**
 * Finds the images of an own folder: PATH/CLASS/IMAGE, or PATH/train/CLASS/IMAGE and PATH/test/CLASS/IMAGE, images at
 * any depth below their class. Reads names, sizes and times only.
 *
 * Nothing outside the folder is looked at: symbolic links are followed only where they lead back into it.
 */

import { readdir, realpath, stat } from "node:fs/promises";
import type { Dirent } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { SmashError } from "../../errors.js";
import { hasCode } from "../../files.js";

export interface FoundImage {
  /** Below the folder, with "/" between names. */
  readonly path: string;
  /** Where it really lies. */
  readonly file: string;
  readonly label: number;
  /** Undefined where the folder does not say. */
  readonly part: "train" | "test" | undefined;
  readonly bytes: number;
  readonly mtimeMs: number;
}

/** Where links lead that are not followed. */
export const leads = ["out of the folder", "back above itself", "nowhere"] as const;

export interface UnfollowedLink {
  readonly path: string;
  readonly leads: (typeof leads)[number];
}

export interface FolderScan {
  /** Names of the folders of images, sorted. */
  readonly classes: readonly string[];
  /** Sorted by part, class and path. */
  readonly images: readonly FoundImage[];
  readonly links: readonly UnfollowedLink[];
  /** Folders beside train and test. */
  readonly unusedFolders: readonly string[];
  /** Files that are no images by their names. */
  readonly otherFiles: number;
}

const imageEndings = new Set([".jpg", ".jpeg", ".png", ".webp", ".gif"]);
/** Labels have 16 bits. */
const mostClasses = 2 ** 16;
/** Folders in folders; more is a mistake, or an attack. */
const deepest = 16;

const layout =
  "lay it out as PATH/CLASS/IMAGE, or PATH/train/CLASS/IMAGE and PATH/test/CLASS/IMAGE (jpg, png, webp, gif).";
/** What other programs call the folder of images that are not trained on. */
const heldOutNames = ["val", "valid", "validation", "Test", "Val", "Valid", "Validation"];

type FoundFile = Pick<FoundImage, "path" | "file" | "bytes" | "mtimeMs">;

/** Throws `data` when `root` is no folder of folders with images. */
export async function scanFolder(root: string): Promise<FolderScan> {
  const walk = new Walk(await requireFolder(root));
  const top = await walk.folders("");
  // Taken for classes, the two would be told apart in vain.
  const heldOut = heldOutNames.find((name) => top.includes(name));
  const others = top.filter((name) => !heldOutNames.includes(name));
  if (heldOut !== undefined && /^train$/i.test(others.join("/"))) {
    throw unusable(
      root,
      'call its parts "train" and "test"',
      top.map((name) => `"${name}"`).join(", "),
      `rename "${heldOut}" to "test", or give a folder that holds the classes themselves.`,
    );
  }
  const isSplit = top.includes("train") && (top.includes("test") || top.length === 1);
  const found: (FoundFile & { readonly name: string; readonly part: FoundImage["part"] })[] = [];
  for (const part of isSplit ? (["train", "test"] as const) : [undefined]) {
    const above = part ?? "";
    for (const name of part === undefined ? top : await walk.folders(above)) {
      const known = top.includes("test") || part === undefined ? part : undefined;
      for (const file of await walk.images(join(above, name))) found.push({ ...file, name, part: known });
    }
  }
  const classes = [...new Set(found.map(({ name }) => name))].sort();
  if (classes.length < 2 || classes.length > mostClasses) {
    throw unusable(
      root,
      `hold images of 2 to ${mostClasses} classes, a folder each`,
      `${classes.length} classes`,
    );
  }
  const labels = new Map(classes.map((name, label) => [name, label]));
  const images = found.map(({ name, ...file }) => ({ ...file, label: labels.get(name)! }));
  const unusedFolders = isSplit ? top.filter((name) => name !== "train" && name !== "test") : [];
  return { classes, images, unusedFolders, links: walk.links, otherFiles: walk.otherFiles };
}

async function requireFolder(root: string): Promise<string> {
  try {
    const real = await realpath(root);
    if ((await stat(real)).isDirectory()) return real;
  } catch (error) {
    if (!hasCode(error, "ENOENT", "ENOTDIR", "ELOOP", "EACCES", "ENAMETOOLONG")) throw error;
  }
  throw unusable(root, "be a folder this user can read", "none");
}

class Walk {
  readonly links: UnfollowedLink[] = [];
  otherFiles = 0;
  readonly #root: string;

  /** `root` is a real path. */
  constructor(root: string) {
    this.#root = root;
  }

  /** Names of the folders in a folder, sorted. */
  async folders(path: string): Promise<string[]> {
    const names: string[] = [];
    const folder = await this.#resolve(path);
    if (folder === undefined) return names;
    for (const entry of await sortedEntries(folder)) {
      const inner = join(path, entry.name);
      if (entry.isSymbolicLink() && (await this.#resolve(inner)) === undefined) await this.#leave(inner);
      else if (entry.isFile()) this.otherFiles++;
      else if ((await this.#facts(inner))?.isDirectory()) names.push(entry.name);
    }
    return names;
  }

  /** All images below a folder, sorted by path; each real folder is entered once. */
  async images(path: string): Promise<FoundFile[]> {
    const images: FoundFile[] = [];
    const entered = new Set<string>();
    const enter = async (at: string, depth: number): Promise<void> => {
      const folder = await this.#resolve(at);
      if (folder === undefined || entered.has(folder) || depth > deepest) return;
      entered.add(folder);
      for (const entry of await sortedEntries(folder)) {
        const inner = join(at, entry.name);
        const file = entry.isSymbolicLink() ? await this.#resolve(inner) : join(folder, entry.name);
        const facts = file === undefined ? undefined : await statOrNothing(file);
        // A link to a folder above itself would make images of other classes its own.
        const isCircle = entry.isSymbolicLink() && file !== undefined && isInside(file, folder);
        if (isCircle) this.links.push({ path: inner, leads: "back above itself" });
        else if (file === undefined || !facts) await this.#leave(inner);
        else if (facts.isDirectory()) await enter(inner, depth + 1);
        else if (facts.isFile() && imageEndings.has(extname(entry.name).toLowerCase())) {
          const { size: bytes, mtimeMs } = facts;
          images.push({ path: inner.split(sep).join("/"), file, bytes, mtimeMs });
        } else this.otherFiles++;
      }
    };
    await enter(path, 0);
    return images;
  }

  /** The real path; undefined where it is outside or nowhere. */
  async #resolve(path: string): Promise<string | undefined> {
    try {
      const real = await realpath(join(this.#root, path));
      return isInside(this.#root, real) ? real : undefined;
    } catch {
      return undefined;
    }
  }

  /** Notes a link that `#resolve` gives nothing for. */
  async #leave(path: string): Promise<void> {
    const isThere = await statOrNothing(join(this.#root, path));
    this.links.push({ path, leads: isThere ? "out of the folder" : "nowhere" });
  }

  async #facts(path: string) {
    const file = await this.#resolve(path);
    return file === undefined ? undefined : statOrNothing(file);
  }
}

export function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== ".." && !way.startsWith(`..${sep}`);
}

async function statOrNothing(path: string) {
  try {
    return await stat(path);
  } catch {
    return undefined;
  }
}

/** Without hidden ones; in an order that no language setting changes. A folder that cannot be read has none. */
async function sortedEntries(folder: string): Promise<Dirent[]> {
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries
    .filter(({ name }) => !name.startsWith("."))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

export function unusable(root: string, rule: string, found: string, fix = layout): SmashError {
  return new SmashError("data", {
    rule: `The image folder ${root} must ${rule}.`,
    found: `${found}.`,
    fix,
  });
}
