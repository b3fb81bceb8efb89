/** `smash export` end to end, and the page it writes in a real browser. */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium, type Browser, type Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sampleArchitecture } from "../src/arch/index.js";
import { builtModule, runScript, runSmash } from "../src/cli/built-cli.fixture.js";
import {
  channelStatistics,
  checkDataset,
  defaultDataDir,
  loadDataset,
  type Dataset,
} from "../src/data/index.js";
import { livedInNetwork } from "../src/export/networks.fixture.js";
import { OnnxSession } from "../src/export/onnx-session.js";
import { joinNamed } from "../src/nn/index.js";
import { Random } from "../src/random.js";
import { saveCheckpoint } from "../src/store/index.js";

/** Reading CIFAR-10 and starting a browser take seconds, on a busy machine many. */
const hookTimeoutMs = 120_000;

let folder = "";
let checkpoint = "";
let dataset: Dataset;
const web = () => join(folder, "web");
/** Of a training that was stopped. */
const stopped = () => join(folder, "stopped.safetensors");
/** Of a network whose images are no longer where they were. */
const moved = () => join(folder, "moved.safetensors");

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "smash-export-"));
  checkpoint = join(folder, "network.safetensors");
  const dataDir = defaultDataDir();
  const { verified } = await checkDataset("cifar10", { dataDir });
  dataset = await loadDataset(verified ? "cifar10" : "synthetic", { dataDir });
  const { channels, size, classes, train, name } = dataset;
  const architecture = sampleArchitecture(
    {
      baseChannels: 4,
      maxUnits: 16,
      depthCompression: 2,
      depth: 1,
      width: 1,
      bottleneck: 2,
      kernel: 3,
      maxDilation: 2,
      stemKernel: 3,
      input: { channels, size },
      classes: classes.length,
    },
    Random.stream(5, "page"),
  );
  const network = livedInNetwork(architecture, { seed: 5 });
  const tensors = joinNamed({ parameters: network.parameters(), buffers: network.buffers() });
  const statistics = channelStatistics(train, channels);
  const facts = { architecture, dataset: name, classes, statistics };
  await saveCheckpoint(checkpoint, tensors, facts);
  await saveCheckpoint(moved(), tensors, { ...facts, dataset: "folder:/nowhere/photos" });
  await saveCheckpoint(stopped(), tensors, { ...facts, step: 26, steps: 240 });
}, hookTimeoutMs);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("smash export", () => {
  it("writes all its files and prints the contract's fields", async () => {
    const onnx = join(folder, "network.onnx");
    const safetensors = join(folder, "export.safetensors");
    const args = ["export", "--checkpoint", checkpoint, "--onnx", onnx, "--safetensors", safetensors];
    const { code, stdout } = await runSmash([...args, "--web", web(), "--latency", "--json"]);
    expect(code).toBe(0);
    const document = JSON.parse(stdout) as Record<string, Record<string, number>>;
    expect(document).toMatchObject({ path: onnx, bytes: readFileSync(onnx).length, checkpoint });
    expect(document.maxAbsDifference).toBeLessThan(1e-4);
    expect(document.onnx).toMatchObject({ images: 256, differentClasses: 0, int8: false });
    expect(document.safetensors).toMatchObject({ path: safetensors, maxAbsDifference: 0 });
    const { p10Ms, medianMs, p90Ms } = document.latency;
    expect(medianMs).toBeGreaterThan(0);
    expect(medianMs).toBeGreaterThanOrEqual(p10Ms);
    expect(medianMs).toBeLessThanOrEqual(p90Ms);
    expect(document.latency).toMatchObject({ threads: 1, batch: 1 });
  });

  it.each([
    ["neither network", [], "--checkpoint or --run"],
    ["nothing to write", ["--checkpoint", "x"], "--onnx"],
    ["8 bits of nothing", ["--checkpoint", "x", "--safetensors", "y", "--int8"], "--int8 without"],
  ])("refuses %s", async (_, args, hint) => {
    const { code, stdout, stderr } = await runSmash(["export", ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(hint);
  });

  it("compares on noise where the network's own images are gone, but not in place of a folder asked for", async () => {
    const args = ["export", "--checkpoint", moved(), "--onnx", join(folder, "moved.onnx")];
    const own = await runSmash(args);
    expect(own.code, own.stderr).toBe(0);
    expect(own.stdout).toContain("on 256 images of noise");
    expect(own.stderr).toContain("folder:/nowhere/photos");
    const asked = await runSmash([...args, "--data", "folder:/nowhere/photos"]);
    expect(asked).toMatchObject({ code: 1, stdout: "" });
  });

  it("refuses a checkpoint that is missing, and says so in one line", async () => {
    const { code, stderr } = await runSmash([
      "export",
      "--checkpoint",
      join(folder, "best.safetensors"),
      "--onnx",
      join(folder, "x.onnx"),
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^smash: checkpoint: [^\n]*best\.safetensors[^\n]*\n$/);
  });
});

describe("a network whose training was stopped", () => {
  const note = () =>
    `${stopped()} is of step 26 of 240: its training was stopped; the same smash train goes on\n`;

  it("is exported with a word about it", async () => {
    const args = (path: string) => [
      "export",
      "--checkpoint",
      path,
      "--safetensors",
      join(folder, "half.safetensors"),
    ];
    const { code, stdout, stderr } = await runSmash([...args(stopped()), "--json"]);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(note());
    expect(JSON.parse(stdout)).toMatchObject({ step: 26, steps: 240 });
    const whole = await runSmash([...args(checkpoint), "--json"]);
    expect(whole.stderr).not.toContain("stopped");
    expect(JSON.parse(whole.stdout)).not.toHaveProperty("steps");
  });

  it("is tested with a word about it", async () => {
    const args = (path: string) => ["eval", "--checkpoint", path, "--data", dataset.name, "--json"];
    const { code, stdout, stderr } = await runSmash(args(stopped()));
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(note());
    expect(JSON.parse(stdout)).toMatchObject({ step: 26, steps: 240 });
    const whole = await runSmash(args(checkpoint));
    expect(whole.stderr).not.toContain("stopped");
    expect(JSON.parse(whole.stdout)).not.toHaveProperty("steps");
  });
});

describe("measureLatency", () => {
  it("a run over an own folder: what to do before its training, and after it the files at the run's image size", async () => {
    const photos = join(folder, "photos");
    for (const [index, name] of ["dark", "light"].entries()) {
      await mkdir(join(photos, name), { recursive: true });
      for (let image = 0; image < 12; image++) {
        const background = { r: 200 * index, g: 5 * image, b: 40 };
        const picture = sharp({ create: { width: 20, height: 24, channels: 3, background } });
        await picture.png().toFile(join(photos, name, `${image}.png`));
      }
    }
    const run = join(folder, "photos-run");
    const config = join(folder, "photos.json");
    const hypernetTraining = { steps: 2, batchSize: 4, validateEvery: 2 };
    const ranking = { counts: { random: 2, perturb: 0, chain: 0 }, images: 2, calibrationImages: 4 };
    const networkTraining = { epochs: 1, batchSize: 4 };
    writeFileSync(
      config,
      JSON.stringify({ validationImages: 2, hypernetTraining, ranking, networkTraining }),
    );
    const data = ["--data", `folder:${photos}`, "--image-size", "16"];
    const searched = await runSmash([
      "search",
      ...data,
      "--preset",
      "tiny",
      "--config",
      config,
      "--out",
      run,
      "--max-parameters",
      "300k",
    ]);
    expect(searched.code, searched.stderr).toBe(0);
    const exported = ["export", "--run", run, "--onnx", join(folder, "photos.onnx")];
    const early = await runSmash(exported);
    expect(early.code).toBe(2);
    expect(early.stderr).toContain(`first run npx smash train --data folder:${photos} --run ${run}.`);
    expect((await runSmash(["train", ...data, "--run", run])).code).toBe(0);
    const late = await runSmash(exported);
    expect(late.code, late.stderr).toBe(0);
    expect(late.stdout).toContain(`folder:${photos} test images`);
    // The size of its images is the network's, where no flag tells another.
    const tested = [
      "eval",
      ...data.slice(0, 2),
      "--checkpoint",
      join(run, "checkpoints", "best.safetensors"),
    ];
    expect(await runSmash(tested)).toMatchObject({ code: 0 });
    const small = await runSmash([...tested, "--image-size", "8"]);
    expect(small.stderr).toContain("a network for 16 pixels");
  });

  it("takes longer for more images", async () => {
    const onnx = join(folder, "latency.onnx");
    await runSmash(["export", "--checkpoint", checkpoint, "--onnx", onnx, "--quiet"]);
    const { stdout, stderr } = await runScript(`
      const { measureLatency } = await import(${JSON.stringify(builtModule("../export/index.js"))});
      const options = { warmup: 3, runs: 15 };
      const { readFileSync } = await import("node:fs");
      const one = await measureLatency(readFileSync(${JSON.stringify(onnx)}), options);
      const many = await measureLatency(${JSON.stringify(onnx)}, { ...options, batch: 64 });
      const none = await measureLatency(${JSON.stringify(checkpoint)}).catch(({ code }) => code);
      console.log(JSON.stringify({ one, many, none }));
    `);
    expect(stderr).toBe("");
    const { one, many, none } = JSON.parse(stdout) as {
      readonly one: { readonly medianMs: number };
      readonly many: { readonly medianMs: number };
      readonly none: string;
    };
    expect(many.medianMs).toBeGreaterThan(4 * one.medianMs);
    expect(none).toBe("checkpoint");
  });
});

const program = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

describe("the page in Chromium", () => {
  let browser: Browser | undefined;
  let server: Server;
  let session: OnnxSession;
  let page: Page;
  /** What went wrong in the page, and what it asked of others. */
  const problems: string[] = [];

  beforeAll(async () => {
    if (!program) return;
    await runSmash(["export", "--checkpoint", checkpoint, "--web", web(), "--quiet"]);
    session = await OnnxSession.open(join(web(), "model.onnx"));
    server = await serve(web());
    const { port } = server.address() as AddressInfo;
    // As root, Chromium runs only without its sandbox; the pages are ours.
    browser = await chromium.launch({ executablePath: program, args: ["--no-sandbox"] });
    page = await browser.newPage();
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
    page.on("request", (request) => {
      const { protocol, host } = new URL(request.url());
      if (protocol.startsWith("http") && host !== `127.0.0.1:${port}`) problems.push(request.url());
    });
    await page.goto(`http://127.0.0.1:${port}/`);
  }, hookTimeoutMs);
  afterAll(async () => {
    await browser?.close();
    server?.close();
    await session?.close();
  });

  function needsBrowser(context: { skip(note: string): never }): void {
    if (!program) context.skip("no Chromium is installed (apt-get install chromium)");
  }

  /** What the page says after its `count`-th picture. */
  async function answer(count: number): Promise<{ readonly name: string; readonly value: number }> {
    await page.waitForSelector(`body[data-answers="${count}"]`);
    const name = await page.locator("#classes li:first-child .name").textContent();
    const value = await page.locator("#classes li:first-child .value").textContent();
    return { name: name!, value: Number.parseFloat(value!) };
  }

  /** What Node says of the same bytes [channels, size, size]. */
  async function expected(planes: Uint8Array): Promise<{ readonly name: string; readonly value: number }> {
    const logits = [...(await session.run(planes))];
    const largest = Math.max(...logits);
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
    return { name: dataset.classes[logits.indexOf(largest)], value: 100 / total };
  }

  async function expectSame(count: number, planes: Uint8Array, within = 0.06): Promise<void> {
    const [found, wanted] = [await answer(count), await expected(planes)];
    expect(found.name).toBe(wanted.name);
    expect(Math.abs(found.value - wanted.value)).toBeLessThan(within);
  }

  const testImage = (index: number) => dataset.test.image(index);

  /** An image [3, size, size] as a file, enlarged without mixing pixels. */
  async function encodeImage(planes: Uint8Array, times = 1): Promise<Buffer> {
    const { size } = dataset;
    const pixels = Uint8Array.from(
      { length: planes.length },
      (_, at) => planes[(at % 3) * size ** 2 + Math.floor(at / 3)],
    );
    const image = sharp(pixels, { raw: { width: size, height: size, channels: 3 } });
    return image
      .resize(size * times, size * times, { kernel: "nearest" })
      .png()
      .toBuffer();
  }

  /** Gives the page a file as the event of this type would. */
  async function send(type: "drop" | "paste", content: Buffer, mime = "image/png"): Promise<void> {
    await page.evaluate(
      `(() => {
        const data = new DataTransfer();
        const bytes = Uint8Array.from(${JSON.stringify([...content])});
        data.items.add(new File([bytes], "picture", { type: ${JSON.stringify(mime)} }));
        const event = ${JSON.stringify(type)} === "drop"
          ? new DragEvent("drop", { dataTransfer: data, cancelable: true })
          : new ClipboardEvent("paste", { clipboardData: data });
        window.dispatchEvent(event);
      })()`,
    );
  }

  let answers = 0;

  it("gives Node's class and probability for each of its dozen test images", async (context) => {
    needsBrowser(context);
    const labels = await page
      .locator("#samples button")
      .evaluateAll((buttons) =>
        buttons.map((button) => (button as unknown as { dataset: { label: string } }).dataset.label),
      );
    expect(labels).toHaveLength(12);
    expect(new Set(labels).size).toBe(10);
    // The first one is shown when the page opens.
    await answer(++answers);
    const seen = new Map<string, number>();
    for (const [index, label] of labels.entries()) {
      const nth = seen.get(label) ?? 0;
      seen.set(label, nth + 1);
      const own = [...dataset.test.labels.keys()].filter(
        (at) => dataset.classes[dataset.test.labels[at]] === label,
      );
      await page.locator("#samples button").nth(index).click();
      await expectSame(++answers, testImage(own[nth]));
    }
  });

  it("gives Node's class for files that are chosen, dropped and pasted", async (context) => {
    needsBrowser(context);
    const [first, second, third] = await Promise.all(
      [20, 21, 22].map((index) => encodeImage(testImage(index))),
    );
    await page.setInputFiles("#file", { name: "picture.png", mimeType: "image/png", buffer: first });
    await expectSame(++answers, testImage(20));
    await send("drop", second);
    await expectSame(++answers, testImage(21));
    await send("paste", third);
    await expectSame(++answers, testImage(22));
  });

  it("prepares a larger picture as training does: resized, then the centre", async (context) => {
    needsBrowser(context);
    const large = await encodeImage(testImage(30), 5);
    const wide = await sharp(large).extend({ left: 40, right: 25, background: "green" }).png().toBuffer();
    const square = await sharp(wide).resize(dataset.size, dataset.size, { fit: "cover" }).raw().toBuffer();
    const planes = Uint8Array.from(
      square,
      (_, at) => square[(at % dataset.size ** 2) * 3 + Math.floor(at / dataset.size ** 2)],
    );
    await page.setInputFiles("#file", { name: "wide.png", mimeType: "image/png", buffer: wide });
    await expectSame(++answers, planes, 2);
  });

  it("says of a file that is no image that it is none, and goes on", async (context) => {
    needsBrowser(context);
    await send("drop", Buffer.from("not an image"), "text/plain");
    await page.waitForFunction(`document.getElementById("status").textContent.includes("no image")`);
    await page.locator("#samples button").first().click();
    await answer(++answers);
    expect(await page.locator("#status").textContent()).toBe("");
  });

  it("works by keyboard alone", async (context) => {
    needsBrowser(context);
    await page.locator("#samples button").nth(3).focus();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await answer(++answers);
    expect(await page.locator("#samples button").nth(4).getAttribute("aria-pressed")).toBe("true");
    await page.locator("#samples button").first().focus();
    await page.keyboard.press("Shift+Tab");
    expect(await page.evaluate("document.activeElement.id")).toBe("file");
  });

  it("asks nothing of other hosts and reports no errors", (context) => {
    needsBrowser(context);
    expect(problems).toEqual([]);
  });

  it("opened as a file says that it needs a server", async (context) => {
    needsBrowser(context);
    const other = await browser!.newPage();
    await other.goto(pathToFileURL(join(web(), "index.html")).href);
    expect(await other.locator("#notice").isVisible()).toBe(true);
    expect(await other.locator("main").isVisible()).toBe(false);
    await other.close();
  });
});

/** As plain a static server as there is. */
async function serve(root: string): Promise<Server> {
  const types: Readonly<Record<string, string>> = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".png": "image/png",
  };
  const server = createServer((request, response) => {
    const path = join(root, normalize(request.url === "/" ? "/index.html" : request.url!));
    if (!existsSync(path)) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": types[extname(path)] ?? "application/octet-stream" });
    return response.end(readFileSync(path));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
