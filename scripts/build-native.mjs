/**
 * Builds the addon against libtorch; runs as the package's install script. Looks for libtorch in this order: the folder
 * LIBTORCH names, the PyTorch that `python3 -c "import torch"` finds, the system's (Debian's libtorch-dev).
 * A failure says what is missing and how to get it.
 */

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
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

function fromSystem() {
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
    if (config.some((folder) => existsSync(join(folder, "TorchConfig.cmake")))) return LIBTORCH;
    fail(
      "LIBTORCH must name a folder with share/cmake/Torch/TorchConfig.cmake.",
      LIBTORCH,
      "unset LIBTORCH, or point it at an unpacked libtorch or a Python torch package",
    );
  }
  return fromPython() ?? fromSystem();
}

function requireProgram(name, packageName) {
  if (spawnSync(name, ["--version"]).error) {
    fail(`Building the addon needs ${name}.`, `no ${name} on PATH`, `apt-get install ${packageName}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  requireProgram("cmake", "cmake");
  requireProgram("make", "make");
  requireProgram("g++", "g++");
  const libtorch = findLibtorch();
  if (!libtorch) {
    fail(
      "Building the addon needs libtorch (C++ PyTorch) 1.13 or newer.",
      "none in LIBTORCH, in python3's torch, or on the system",
      "apt-get install libtorch-dev libopenblas0-openmp, or set LIBTORCH",
    );
  }
  const cmakeJs = join(
    dirname(createRequire(import.meta.url).resolve("cmake-js/package.json")),
    "bin",
    "cmake-js",
  );
  try {
    execFileSync(
      process.execPath,
      [
        cmakeJs,
        "compile",
        "-d",
        join(root, "native"),
        "--CDCMAKE_PREFIX_PATH=" + libtorch,
        "--parallel",
        "2",
      ],
      { stdio: process.env.SMASH_BUILD_VERBOSE ? "inherit" : ["ignore", "ignore", "inherit"] },
    );
  } catch (error) {
    fail(
      "The addon must compile.",
      error instanceof Error ? error.message : String(error),
      "see the compiler's lines above (SMASH_BUILD_VERBOSE=1 prints all of them)",
    );
  }
}
