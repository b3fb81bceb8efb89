/**
 * Builds the addon against libtorch; runs as the package's install script. Looks for libtorch in this order: the folder
 * LIBTORCH names, the PyTorch that `python3 -c "import torch"` finds, the system's (Debian's libtorch-dev).
 * A failure says what is missing and how to get it.
 */

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

function fail(rule, found, fix) {
  console.error(`\nsmash: ${rule}\n  Found: ${found}\n  Fix:   ${fix}\n`);
  process.exit(1);
}

function fromPython() {
  const result = spawnSync("python3", ["-c", "import torch; print(torch.utils.cmake_prefix_path)"], {
    encoding: "utf8",
  });
  const prefix = result.status === 0 ? result.stdout.trim() : "";
  return prefix && existsSync(join(prefix, "Torch", "TorchConfig.cmake")) ? prefix : undefined;
}

/** Debian's libtorch-dev, or one installed by hand where CMake looks. */
export function findSystemLibtorch() {
  const folders = [
    "/usr/lib/x86_64-linux-gnu/cmake",
    "/usr/lib/aarch64-linux-gnu/cmake",
    "/usr/lib/cmake",
    "/usr/local/lib/cmake",
  ];
  return folders.find((folder) => existsSync(join(folder, "Torch", "TorchConfig.cmake")));
}

/** A folder for CMAKE_PREFIX_PATH. */
export function findLibtorch() {
  const { LIBTORCH } = process.env;
  if (LIBTORCH) {
    const config = [join(LIBTORCH, "share", "cmake", "Torch"), join(LIBTORCH, "Torch")];
    if (config.some((folder) => existsSync(join(folder, "TorchConfig.cmake")))) return resolve(LIBTORCH);
    fail(
      "LIBTORCH must name a folder with share/cmake/Torch/TorchConfig.cmake.",
      LIBTORCH,
      "unset LIBTORCH, or point it at an unpacked libtorch or a Python torch package",
    );
  }
  return fromPython() ?? findSystemLibtorch();
}

/** A compiler of these files takes more than a gigabyte of memory. */
const jobs = Math.min(availableParallelism(), 8);

export const buildTools = ["cmake", "make", "g++"];

export const hasProgram = (name) => !spawnSync(name, ["--version"]).error;

function requireBuildTools() {
  const missing = buildTools.filter((name) => !hasProgram(name));
  if (missing.length === 0) return;
  const names = missing.join(", ");
  fail(
    `Building the addon needs ${buildTools.join(", ")}.`,
    `no ${names} on PATH`,
    `apt-get install ${missing.join(" ")}`,
  );
}

function requireLibtorch() {
  return (
    findLibtorch() ??
    fail(
      "Building the addon needs libtorch (C++ PyTorch) 1.13 or newer.",
      "none in LIBTORCH, in python3's torch, or on the system",
      "apt-get install libtorch-dev libopenblas0-openmp, or set LIBTORCH",
    )
  );
}

function requireCmakeJs() {
  try {
    return join(dirname(createRequire(import.meta.url).resolve("cmake-js/package.json")), "bin", "cmake-js");
  } catch {
    return fail(
      "Building the addon needs the npm packages.",
      "no cmake-js in node_modules",
      "npm ci (which also builds the addon)",
    );
  }
}

/** CMake remembers where it found libtorch, or another place of this checkout: then only a new build is right. */
function isConfiguredFor(libtorch) {
  const cache = join(root, "native/build/CMakeCache.txt");
  if (!existsSync(cache)) return true;
  const lines = readFileSync(cache, "utf8").split("\n");
  return (
    lines.some((line) => line.startsWith("CMAKE_PREFIX_PATH:") && line.endsWith(`=${libtorch}`)) &&
    lines.includes(`CMAKE_HOME_DIRECTORY:INTERNAL=${join(root, "native")}`)
  );
}

function buildAddon() {
  requireBuildTools();
  const libtorch = requireLibtorch();
  const cmakeJs = requireCmakeJs();
  const args = [cmakeJs, isConfiguredFor(libtorch) ? "compile" : "rebuild", "-d", join(root, "native")];
  args.push(`--CDCMAKE_PREFIX_PATH=${libtorch}`, "--parallel", String(jobs));
  const { status, stdout, error } = spawnSync(process.execPath, args, {
    encoding: "utf8",
    stdio: process.env.SMASH_BUILD_VERBOSE ? "inherit" : ["ignore", "pipe", "inherit"],
  });
  if (status === 0) return;
  // Ninja and make pass the compiler's lines on to stdout.
  console.error(stdout ?? "");
  fail(
    "The addon must compile.",
    error?.message ?? `cmake-js ended with ${status}`,
    "see the compiler's lines above (SMASH_BUILD_VERBOSE=1 prints all of them)",
  );
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) buildAddon();
