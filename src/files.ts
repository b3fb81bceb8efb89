/**
 * Files that are whole or not there: work happens in a temporary folder or under a temporary name beside the goal,
 * and a rename is the last step. Errors of the disk become ours here.
 */

import { mkdir, mkdtemp, readdir, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import type { Stats } from "node:fs";
import { hostname } from "node:os";
import { dirname, join, basename, resolve } from "node:path";
import { SmashError } from "./errors.js";

/** Bytes of the regular file at `path`; undefined when there is none. */
export async function fileSize(path: string): Promise<number | undefined> {
  const found = await statIfThere(path);
  return found?.isFile() ? found.size : undefined;
}

async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}

/**
 * Makes the folder and those above it. Not with Node's own `recursive`, which tries for ever where the folder above is
 * there and yet nothing can be made in it (ENOENT below /proc). From above downwards, so that each folder may be made
 * by someone else meanwhile.
 */
export async function makeFolder(path: string): Promise<void> {
  if (!(await statIfThere(dirname(path)))) await makeFolder(dirname(path));
  try {
    await mkdir(path);
  } catch (error) {
    if (!(await statIfThere(path))?.isDirectory()) throw error;
  }
}

/**
 * Before long work: whether its files can be written to the folder, which need not be there yet. Nothing is left there.
 * Throws `SmashError("usage")`.
 */
export async function checkOutputFolder(path: string): Promise<void> {
  let there = resolve(path);
  try {
    while (!(await statIfThere(there))) there = dirname(there);
    // Permissions say nothing of a disk that is read-only, or of a folder like /proc that is on no disk.
    await rmdir(await mkdtemp(temporaryPrefix(join(there, "writable"))));
  } catch (error) {
    if (!isWrongPath(error)) return; // a full disk, say, which is told when it is written to
    throw new SmashError("usage", {
      rule: `${path} must be a folder that can be written to, or made.`,
      found: hasCode(error, "ENOTDIR")
        ? `${there} is no folder.`
        : `nothing can be made in ${there} (${error.code}).`,
      fix: "give the path of another folder, or change the permissions of this one.",
      cause: error,
    });
  }
}

/** The same for a file; one that is there will be replaced. Throws `SmashError("usage")`. */
export async function checkOutputFile(path: string): Promise<void> {
  await checkOutputFolder(dirname(path));
  if (!(await statIfThere(path))?.isDirectory()) return;
  throw new SmashError("usage", {
    rule: `${path} must be the path of a file.`,
    found: "a folder.",
    fix: "name a file in it, or another one.",
  });
}

/** As part of a file name. Processes of another machine that shares the disk have numbers of their own. */
const machine = hostname().replaceAll(/[^\w.]/g, "_");

/** `goal.tmp-PROCESS@MACHINE-xxxxxx` */
const temporaryName = /^(.+)\.tmp-(\d+)@([\w.]+)-\w{6}$/;

/** All but its end, which `mkdtemp` adds. */
function temporaryPrefix(goal: string): string {
  return `${goal}.tmp-${process.pid}@${machine}-`;
}

/**
 * Removes the temporary folders directly in `folder`, for one goal or for all, whose process was killed before it could.
 * Those of running processes, and of other machines, stay.
 */
export async function removeLeftovers(folder: string, goal?: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const [, base, pid, owner] = temporaryName.exec(name) ?? [];
    if (base === undefined || (goal !== undefined && base !== goal)) continue;
    if (owner === machine && !isRunning(Number(pid)))
      await rm(join(folder, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Another user's process is one that runs.
    return !hasCode(error, "ESRCH");
  }
}

/**
 * Runs `work` with a new folder beside `goal`, so that a rename to `goal` stays on one file system, and removes the
 * folder afterwards, whatever happened.
 */
export async function withTemporaryFolder<T>(goal: string, work: (folder: string) => Promise<T>): Promise<T> {
  await makeFolder(dirname(goal));
  await removeLeftovers(dirname(goal), basename(goal));
  const folder = await mkdtemp(temporaryPrefix(join(dirname(goal), basename(goal))));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Writes a whole file or leaves the earlier one: temporary name, flushed, renamed. Not through write-file-atomic 7: it
 * takes a short write for a whole one, and on a full disk (seen on a tmpfs) renames the torso over the earlier file.
 */
export async function replaceFile(path: string, data: string | Uint8Array): Promise<void> {
  await writingBelow(dirname(path), () =>
    withTemporaryFolder(path, async (folder) => {
      const whole = join(folder, "whole");
      // Flushed before the rename: after a power cut there must not be a new name with old or no contents.
      await writeFile(whole, data, { flush: true });
      await rename(whole, path);
    }),
  );
}

/** Runs `work`, which writes below `folder`; a full or forbidden disk, or a path that cannot be, is reported with what to do about it. */
export async function writingBelow<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isDiskFull(error)) {
      throw new SmashError("disk-full", {
        rule: `The disk must have room for what is written to ${folder}.`,
        found: `${String(error)}.`,
        fix: "free some space, or choose a folder on another disk.",
        cause: error,
      });
    }
    if (hasCode(error, "EACCES", "EPERM", "EROFS")) {
      throw new SmashError("config", {
        rule: `${folder} must be a folder this user can write to.`,
        found: `${String(error)}.`,
        fix: "change its permissions, or choose another folder.",
        cause: error,
      });
    }
    if (hasCode(error, "EEXIST", "ENOTDIR", "EISDIR", "ENAMETOOLONG", "ELOOP")) {
      throw new SmashError("usage", {
        rule: `${folder} must be a folder, or be made as one, and what is written there must not be folders.`,
        found: `${String(error)}.`,
        fix: "give another path.",
        cause: error,
      });
    }
    throw error;
  }
}

/** No room, over the user's quota, or over the size a file may have. */
export function isDiskFull(error: unknown): boolean {
  return hasCode(error, "ENOSPC", "EDQUOT", "EFBIG");
}

/** A system error that names a path which is not, or must not be, what it was used as. */
export function isWrongPath(
  error: unknown,
): error is Error & { readonly code: string; readonly path: string } {
  const codes = [
    "EEXIST",
    "ENOTDIR",
    "EISDIR",
    "EACCES",
    "EROFS",
    "ENOENT",
    "EPERM",
    "ENAMETOOLONG",
    "ELOOP",
  ];
  return hasCode(error, ...codes) && "path" in (error as object);
}

/** Whether `error` is a system error with one of these codes ("ENOENT", …). */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
