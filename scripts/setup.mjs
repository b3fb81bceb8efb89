/**
 * Makes a fresh checkout ready: system packages, npm packages (which builds the addon), TypeScript. Needs nothing but
 * Node. Says one line for each thing it does and nothing when there is nothing to do.
 */

import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildTools, findLibtorch, findSystemLibtorch, hasProgram } from "./build-native.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const addon = join(root, "native/build/Release/smash_native.node");
const buildInfo = join(root, "dist/.tsbuildinfo");
const lock = join(root, "dist/.setup.lock");
// Named OpenBLAS: left to choose, apt takes the reference BLAS, 30 times slower at matrix products.
const openBlas = "libopenblas0-openmp";
const systemPackages = ["cmake", "make", "g++", "libtorch-dev", openBlas];
const libraries = `/usr/lib/${{ x64: "x86_64", arm64: "aarch64" }[process.arch]}-linux-gnu`;

function say(line) {
  console.error(`smash set-up: ${line}`);
}

function fail(rule, fix) {
  say(`${rule}\n  Fix: ${fix}`);
  process.exit(1);
}

/** Output goes to stderr: stdout belongs to what runs after the set-up. */
function run(label, command, args, cleanUp = () => {}) {
  say(label);
  const { status } = spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2] });
  if (status === 0) return;
  cleanUp();
  fail(`${label} failed.`, `see above, or run it by hand: ${command} ${args.join(" ")}`);
}

/** When it was last changed, 0 for what is not there. */
const modified = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

function newestIn(folder, accept) {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).filter(accept);
  return Math.max(...files.map((file) => modified(join(root, folder, file))));
}

/** Runs a builder of ours and dates its result. */
function build(label, args, result) {
  const started = new Date();
  // tsc writes its result even when there are errors: a failed build must look old.
  run(label, process.execPath, args, () => existsSync(result) && utimesSync(result, 0, 0));
  // A builder that finds nothing changed leaves the old date and would run every time. As of the start, because a
  // source may have been saved meanwhile.
  utimesSync(result, started, started);
}

/** What to put before a command that installs packages; undefined where this user cannot. */
function installerPrefix() {
  if (!hasProgram("apt-get")) return undefined;
  if (process.getuid?.() === 0) return [];
  return spawnSync("sudo", ["-n", "true"]).status === 0 ? ["sudo", "-n"] : undefined;
}

function aptInstall(prefix, packages, size) {
  // Through `env`, because sudo drops variables.
  const [command, ...before] = [...prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"];
  run("apt-get update", command, [...before, "update", "-qq"]);
  const options = ["-y", "-qq", "--no-install-recommends"];
  run(`installing ${packages.join(" ")} (${size})`, command, [...before, "install", ...options, ...packages]);
}

function isAddonOld() {
  const sources = Math.max(
    newestIn("native/src", () => true),
    modified(join(root, "native/CMakeLists.txt")),
  );
  return modified(addon) < sources;
}

const systemStep = {
  isNeeded: () => isAddonOld() && !(buildTools.every(hasProgram) && findLibtorch()),
  run() {
    const prefix = installerPrefix();
    if (prefix) return aptInstall(prefix, systemPackages, "about 220 MB");
    fail(
      "libtorch (C++ PyTorch 1.13 or newer) or a build tool is missing, and this user cannot install packages.",
      `as root: apt-get install --no-install-recommends ${systemPackages.join(" ")}; or the same by other means, with LIBTORCH set`,
    );
  },
};

/** Debian's libtorch on the reference BLAS works, but slowly: worth repairing, not worth stopping for. */
const blasStep = {
  isNeeded() {
    if (process.env.LIBTORCH || !findSystemLibtorch()) return false;
    const blas = join(libraries, "libblas.so.3");
    return existsSync(blas) && realpathSync(blas).startsWith(join(libraries, "blas/"));
  },
  run() {
    const slow = "libtorch uses the reference BLAS, 30 times slower at matrix products";
    if (existsSync(join(libraries, "openblas-openmp/libblas.so.3")))
      return say(`${slow}; as root: update-alternatives --auto libblas.so.3-${libraries.split("/").at(-1)}`);
    const prefix = installerPrefix();
    if (!prefix) return say(`${slow}; as root: apt-get install ${openBlas}`);
    aptInstall(prefix, [openBlas], "10 MB");
  },
};

const npmStep = {
  isNeeded: () =>
    modified(join(root, "node_modules/.package-lock.json")) < modified(join(root, "package-lock.json")),
  run() {
    // Development packages too, whatever NODE_ENV says: the TypeScript compiler is one.
    run("npm ci (also builds the addon, about two minutes)", "npm", ["ci", "--include=dev"]);
  },
};

const addonStep = {
  isNeeded: isAddonOld,
  run() {
    build("building the addon", ["scripts/build-native.mjs"], addon);
  },
};

const typescriptStep = {
  isNeeded() {
    const sources = newestIn("src", (name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
    const names = ["tsconfig.json", "tsconfig.build.json", "src/export/page/tsconfig.json"];
    const configs = names.map((name) => modified(join(root, name)));
    return modified(buildInfo) < Math.max(sources, ...configs);
  },
  run() {
    const tsc = "node_modules/typescript/bin/tsc";
    run("building the exported page's scripts", process.execPath, [tsc, "-p", "src/export/page"]);
    build("building TypeScript", [tsc, "-p", "tsconfig.build.json"], buildInfo);
  },
};

function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}

/**
 * One set-up at a time: the file holds the process that works. One whose process is gone is taken over; two that take
 * over in the same instant would both go on, which is accepted.
 */
function waitForLock() {
  for (let waits = 0; ; waits++) {
    try {
      mkdirSync(dirname(lock), { recursive: true });
      writeFileSync(lock, String(process.pid), { flag: "wx" });
      process.once("exit", () => rmSync(lock, { force: true }));
      return;
    } catch (error) {
      if (error.code !== "EEXIST")
        fail(`${root} must be writable: ${error.message}.`, "use a copy of your own");
    }
    const holder = existsSync(lock) ? Number(readFileSync(lock, "utf8")) : 0;
    if (waits === 1) say(`waiting for another set-up, process ${holder} (or remove ${lock})`);
    if (holder > 0 && !isRunning(holder)) rmSync(lock, { force: true });
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  }
}

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 17))
  fail(`Node 20.17 or newer is needed, this is ${process.versions.node}.`, "install a newer Node");

const steps = [systemStep, blasStep, npmStep, addonStep, typescriptStep];
if (steps.some((step) => step.isNeeded())) {
  waitForLock();
  // Asked again, because the set-up that was waited for may have done it.
  for (const step of steps) if (step.isNeeded()) step.run();
}
