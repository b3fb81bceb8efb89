/**
 * Writes a folder that any static server can serve: a page that runs the network in the browser, with the network, the
 * page's scripts, ONNX Runtime's WebAssembly and a dozen test images. Nothing is fetched from elsewhere.
 */

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { ImageSet } from "../data/index.js";
import { fileSize, replaceFile } from "../files.js";
import { exportOnnx, type OnnxExport, type OnnxExportOptions } from "./export-onnx.js";
import type { ExportableNetwork } from "./network-graph.js";
import { renderPage } from "./page-html.js";
import { chooseSamples, drawStrip, type SampleStrip } from "./sample-strip.js";

/** What `exportPage` writes. */
export interface PageExportOptions extends OnnxExportOptions {
  /** Images to choose samples from; without them the page has none. */
  readonly samples?: ImageSet | undefined;
}

/** What `exportPage` wrote. */
export interface PageExport extends Omit<OnnxExport, "path"> {
  /** The folder. */
  readonly path: string;
  /** Of the whole folder. */
  readonly bytes: number;
  /** The network's file in it. */
  readonly model: string;
  readonly modelBytes: number;
}

/** The page's own scripts, built beside this file. */
const scripts = ["main", "network", "picture-input", "resize", "show-answer"].map(
  (name) => `page/${name}.js`,
);

/** ONNX Runtime's files by the names they get: `.js`, because not every server knows what `.mjs` is. */
const runtimeFiles = {
  "ort/ort.js": "ort.wasm.min.mjs",
  "ort/ort-wasm.js": "ort-wasm-simd-threaded.mjs",
  "ort/ort-wasm.wasm": "ort-wasm-simd-threaded.wasm",
} as const;

/** Writes the page and all it needs into `folder`. Throws `SmashError` where that cannot be written. */
export async function exportPage(
  network: ExportableNetwork,
  folder: string,
  options: PageExportOptions,
): Promise<PageExport> {
  const { facts, samples } = options;
  const { dataset, classes } = facts;
  const { channels, size } = network.input;
  const model = await exportOnnx(network, join(folder, "model.onnx"), options);
  const strip = samples && (await drawSamples(samples, classes.length, network));
  const data = { classes, channels, size, dataset, samples: strip?.labels ?? [] };
  const files = new Map<string, string | Uint8Array>();
  if (strip) files.set("samples.png", strip.png);
  for (const name of scripts) files.set(name, await readFile(new URL(name, import.meta.url)));
  const runtime = createRequire(import.meta.url).resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm");
  for (const [name, original] of Object.entries(runtimeFiles)) {
    files.set(name, await readFile(join(runtime, "..", original)));
  }
  // The page itself last: it is not there before what it needs.
  const downloadBytes = model.bytes + files.get("ort/ort-wasm.wasm")!.length;
  files.set("index.html", renderPage({ data, about: describe(network, model), downloadBytes }));
  for (const [name, content] of files) await replaceFile(join(folder, name), content);
  const sizes = await Promise.all(
    ["model.onnx", ...files.keys()].map((name) => fileSize(join(folder, name))),
  );
  return {
    ...model,
    path: folder,
    bytes: sizes.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0),
    model: model.path,
    modelBytes: model.bytes,
  };
}

function drawSamples(samples: ImageSet, classes: number, { input }: ExportableNetwork): Promise<SampleStrip> {
  return drawStrip(samples, chooseSamples(samples, classes), input);
}

function describe(network: ExportableNetwork, { bytes, int8 }: OnnxExport): string {
  const { channels, size } = network.input;
  const weights = int8 ? "8-bit weights" : "float32 weights";
  return (
    `Input ${channels} x ${size} x ${size}; model.onnx has ${Math.ceil(bytes / 1000)} kB, ${weights}. ` +
    "Made by SMASH, run by ONNX Runtime Web (MIT licence, Microsoft Corporation)."
  );
}
