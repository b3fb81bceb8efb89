/**
 * Makes a fresh checkout ready: system packages, npm packages (which builds the addon), TypeScript. Needs nothing but
 * Node. Says one line for each thing it does and nothing when there is nothing to do.
 */

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findLibtorch } from "./build-native.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const addon = join(root, "native/build/Release/smash_native.node");
// Named OpenBLAS: left to choose, apt takes the reference BLAS, 30 times slower at matrix products.
const systemPackages = ["cmake", "make", "g++", "libtorch-dev", "libopenblas0-openmp"];

function fail(rule, fix) {
  console.error(`smash set-up: ${rule}\n  Fix: ${fix}`);
  process.exit(1);
}

function run(label, command, args, options = {}) {
  console.error(`smash set-up: ${label}`);
  const result = spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2], ...options });
  if (result.status !== 0)
    fail(`${label} failed.`, `run it by hand to see why: ${command} ${args.join(" ")}`);
}

const hasProgram = (name) => !spawnSync(name, ["--version"]).error;

function newestIn(folder, accept) {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile() && accept(entry.name)) {
      newest = Math.max(newest, statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs);
    }
  }
  return newest;
}

const modified = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

function installSystemPackages() {
  if (existsSync(addon)) return;
  if (findLibtorch() && ["cmake", "make", "g++"].every(hasProgram)) return;
  const byHand = `apt-get install --no-install-recommends ${systemPackages.join(" ")}`;
  if (!hasProgram("apt-get"))
    fail(
      "libtorch and a C++ tool chain are needed, and there is no apt-get here.",
      `install the like of: ${byHand}; or set LIBTORCH`,
    );
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && spawnSync("sudo", ["-n", "true"]).status !== 0)
    fail("system packages are missing, and this user may not install them.", `as root: ${byHand}`);
  const [command, ...before] = isRoot ? ["apt-get"] : ["sudo", "-n", "apt-get"];
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  run("apt-get update", command, [...before, "update", "-qq"], { env });
  run(
    `installing ${systemPackages.join(" ")} (about 220 MB)`,
    command,
    [...before, "install", "-y", "-qq", "--no-install-recommends", ...systemPackages],
    { env },
  );
}

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 17))
  fail(`Node 20.17 or newer is needed, this is ${process.versions.node}.`, "install a newer Node");
installSystemPackages();
if (modified(join(root, "node_modules/.package-lock.json")) < modified(join(root, "package-lock.json"))) {
  run("npm ci (also builds the addon, about two minutes)", "npm", ["ci", "--no-audit", "--no-fund"]);
}
if (
  modified(addon) <
  Math.max(
    newestIn(join(root, "native/src"), () => true),
    modified(join(root, "native/CMakeLists.txt")),
  )
) {
  run("building the addon", process.execPath, ["scripts/build-native.mjs"]);
}
if (modified(join(root, "dist/.tsbuildinfo")) < newestIn(join(root, "src"), (name) => name.endsWith(".ts"))) {
  run("building TypeScript", process.execPath, [
    "node_modules/typescript/bin/tsc",
    "-p",
    "tsconfig.build.json",
  ]);
}
