/** The page: a picture comes in, becomes the square the network takes, and the network's answer is shown. */

import { Network } from "./network.js";
import type { PageData } from "./page-data.js";
import { listenForFiles, readPicture } from "./picture-input.js";
import { coverSquare, toPlanes, type Picture } from "./resize.js";
import { showAnswer } from "./show-answer.js";

function find<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`#${id} is missing`);
}

const data = JSON.parse(find("data", HTMLElement).textContent) as PageData;
const view = find("view", HTMLCanvasElement);
const status = find("status", HTMLElement);
const truth = find("truth", HTMLElement);
const answer = {
  list: find("classes", HTMLElement),
  time: find("time", HTMLElement),
  classes: data.classes,
};
const samples = [...document.querySelectorAll<HTMLButtonElement>("#samples button")];

const loading = Network.load(data);
/** Pictures that came in; only the answer to the last one is shown. */
let count = 0;

async function classify(picture: Picture): Promise<void> {
  const own = ++count;
  const square = coverSquare(picture, data.size);
  view.width = view.height = data.size;
  view.getContext("2d")!.putImageData(new ImageData(new Uint8ClampedArray(square.rgba), data.size), 0, 0);
  document.body.classList.add("has-picture");
  const result = await (await loading).run(toPlanes(square, data.channels));
  if (own !== count) return;
  showAnswer(result, answer);
  status.textContent = "";
  document.body.dataset.answers = String(own);
}

async function take(source: Promise<Picture>, sample?: HTMLButtonElement): Promise<void> {
  for (const button of samples) button.setAttribute("aria-pressed", String(button === sample));
  truth.textContent = sample ? `labelled ${sample.dataset.label}` : "";
  try {
    await classify(await source);
  } catch (error) {
    status.textContent = `This did not work: ${error instanceof Error ? error.message : String(error)}`;
  }
}

listenForFiles({ input: find("file", HTMLInputElement), zone: find("zone", HTMLElement) }, (file) => {
  void take(
    readPicture(file).catch((cause: unknown) => {
      throw new Error(`${file.name || "what was pasted"} is no image that this browser can read.`, { cause });
    }),
  );
});

if (samples.length > 0) {
  const strip = fetch("samples.png").then(async (response) => readPicture(await response.blob()));
  for (const [index, button] of samples.entries()) {
    button.addEventListener(
      "click",
      () =>
        void take(
          strip.then((all) => cut(all, index)),
          button,
        ),
    );
  }
}

/** The square at a position of the strip. */
function cut({ width, rgba }: Picture, index: number): Picture {
  const { size } = data;
  const square = new Uint8ClampedArray(size * size * 4);
  for (let y = 0; y < size; y++) {
    const from = (y * width + index * size) * 4;
    square.set(rgba.subarray(from, from + size * 4), y * size * 4);
  }
  return { width: size, height: size, rgba: square };
}

try {
  await loading;
  status.textContent = samples.length > 0 ? "" : "Drop, paste or choose an image.";
  samples.at(0)?.click();
} catch (error) {
  status.textContent = `The network could not be loaded: ${error instanceof Error ? error.message : String(error)}`;
}
