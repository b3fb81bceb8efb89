/**
 * A small generated data set for tests and trials: oriented coloured gratings, 3x16x16, 10 classes, 2,000 training and
 * 500 test images, the same for the same seed.
 *
 * A class is one of five slopes from flat to upright and one of two colour axes. Leaning left or right is no difference,
 * so that a mirrored image stays in its class. Phase, frequency, contrast and brightness vary and noise lies over it:
 * neither the mean colour nor any single pixel tells the class.
 */

import { Random } from "../random.js";
import type { Dataset, DatasetInfo, ImageSet } from "./dataset.js";
import { imagesInMemory } from "./image-set.js";
import { resizeImages } from "./resize-images.js";

const size = 16;
const slopes = 5;
const slopeStep = 90 / (slopes - 1); // degrees

/** Red against cyan, blue against yellow: opposite hues at the crests and troughs of the grating. */
const colourAxes = [
  { name: "red", axis: [1, -0.6, -0.6] },
  { name: "blue", axis: [-0.6, -0.6, 1] },
] as const;

const classes = colourAxes.flatMap(({ name }) =>
  Array.from({ length: slopes }, (_, index) => `${name} ${slopeStep * index} degrees`),
);

/** By default. */
export const synthetic: DatasetInfo = {
  name: "synthetic",
  classes,
  channels: 3,
  size,
  train: { count: 2_000 },
  test: { count: 500 },
};

/** The default set, at another size if one is asked for. */
export async function openSynthetic({
  imageSize = size,
}: {
  readonly imageSize?: number | undefined;
}): Promise<Dataset> {
  const train = drawSet(synthetic.train.count, trainStream(0));
  const test = drawSet(synthetic.test.count, testStream(0));
  const resize = async (set: typeof train) => {
    const { pixels, labels } = await resizeImages(set, { channels: 3, from: size, to: imageSize });
    return imagesInMemory(pixels, labels);
  };
  return { ...synthetic, size: imageSize, train: await resize(train), test: await resize(test) };
}

/** Image i of each set depends only on the seed and i. */
export function generateSynthetic({
  seed = 0,
  trainCount = synthetic.train.count,
  testCount = synthetic.test.count,
} = {}): Dataset {
  return {
    ...synthetic,
    train: generateSet(trainCount, trainStream(seed)),
    test: generateSet(testCount, testStream(seed)),
  };
}

const trainStream = (seed: number) => Random.stream(seed, "synthetic", "train");
const testStream = (seed: number) => Random.stream(seed, "synthetic", "test");

function generateSet(count: number, random: Random): ImageSet {
  const { pixels, labels } = drawSet(count, random);
  return imagesInMemory(pixels, labels);
}

/** Classes take turns, so that all are equally frequent. */
function drawSet(count: number, random: Random) {
  const pixels = new Uint8Array(count * 3 * size * size);
  const labels = Uint8Array.from({ length: count }, (_, index) => index % classes.length);
  for (let index = 0; index < count; index++) {
    const image = pixels.subarray(index * 3 * size * size, (index + 1) * 3 * size * size);
    drawGrating(image, labels[index], random.fork(index));
  }
  return { pixels, labels };
}

function drawGrating(image: Uint8Array, label: number, random: Random): void {
  const { axis } = colourAxes[Math.floor(label / slopes)];
  const slope = slopeStep * ((label % slopes) + random.uniform(-0.3, 0.3)) * random.choice([-1, 1]);
  const angle = (slope * Math.PI) / 180;
  const frequency = (2 * Math.PI) / random.uniform(4, 9); // radians a pixel
  const phase = random.uniform(0, 2 * Math.PI);
  const contrast = random.uniform(20, 60);
  const noise = 70;
  for (let channel = 0; channel < 3; channel++) {
    const brightness = random.uniform(90, 165);
    const amplitude = contrast * (axis[channel] + random.uniform(-0.3, 0.3));
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const wave = Math.sin(frequency * (x * Math.cos(angle) + y * Math.sin(angle)) + phase);
        const value = brightness + amplitude * wave + random.uniform(-noise, noise);
        image[(channel * size + y) * size + x] = Math.min(255, Math.max(0, Math.round(value)));
      }
    }
  }
}
