import {
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describeDataset, loadDataset } from "../registry.js";
import { checkDataset } from "../status.js";
import { decodeImage } from "./decode-image.js";
import { scanFolder } from "./scan-folder.js";

let base: string;
let root: string;
let dataDir: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "smash-folder-"));
  root = join(base, "pictures");
  dataDir = join(base, "data");
  await mkdir(root);
});
afterEach(() => rm(base, { recursive: true, force: true }));

const open = (imageSize?: number) => loadDataset(`folder:${root}`, { dataDir, imageSize });

/** Different for every `shade`, 0 … 255. */
async function picture(path: string, shade: number): Promise<string> {
  const file = join(root, path);
  await mkdir(dirname(file), { recursive: true });
  const pixels = Buffer.alloc(40 * 30 * 3, shade);
  await sharp(pixels, { raw: { width: 40, height: 30, channels: 3 } }).toFile(file);
  return file;
}

/** Shades of all images of a set. */
const shades = (set: { count: number; image: (index: number) => Uint8Array }) =>
  Array.from({ length: set.count }, (_, index) => set.image(index)[0]).sort((a, b) => a - b);

describe("an own image folder", () => {
  it("with train and test is used as it is, labels by the classes' sorted names", async () => {
    await picture("train/dog/a.png", 10);
    await picture("train/cat/deep/er/b.png", 20);
    await picture("test/dog/c.png", 30);
    await picture("test/cat/d.png", 40);
    const { train, test, folder, ...info } = await open();
    expect(folder!.md5).toMatch(/^[0-9a-f]{32}$/);
    expect(info).toEqual({ name: `folder:${root}`, classes: ["cat", "dog"], channels: 3, size: 32 });
    expect([shades(train), [...train.labels]]).toEqual([
      [10, 20],
      [0, 1],
    ]);
    expect(train.image(0)[0]).toBe(20);
    expect([...test.labels]).toEqual([0, 1]);
    expect(test.image(1)[0]).toBe(30);
  });

  it.each([
    ["train", "val"],
    ["Train", "Test"],
  ])("of %s and %s is refused: these are no classes", async (train, heldOut) => {
    for (const part of [train, heldOut]) await picture(`${part}/cat/${part}.png`, 10);
    await expect(open()).rejects.toMatchObject({
      code: "data",
      message: expect.stringContaining(`rename "${heldOut}" to "test"`) as string,
    });
  });

  it("of train, test and a third folder says that this one is not used, also when it comes later", async () => {
    for (const part of ["train", "test"]) {
      await picture(`${part}/cat/${part}.png`, part.length);
      await picture(`${part}/dog/${part}.png`, 10 * part.length);
    }
    const unused = async () => (await describeDataset(`folder:${root}`, { dataDir })).folder!.leftOut.folders;
    expect(await unused()).toEqual([]);
    await picture("valid/cat/other.png", 100);
    expect(await unused()).toEqual(["valid"]);
    const { report, images } = await checkDataset(`folder:${root}`, { dataDir });
    expect([report!.unusedFolders, images]).toEqual([["valid"], 4]);
  });

  it("whose class has only copies of others' images says so", async () => {
    await picture("a/1.png", 10);
    await picture("a/2.png", 20);
    await picture("b/1.png", 10);
    await expect(open()).rejects.toThrow(/none of "b".*1 duplicates, b\/1.png is a\/1.png/);
  });

  it("without them is split, a fifth of each class for testing, the same at every start", async () => {
    for (let index = 0; index < 10; index++) {
      await picture(`many/${index}.png`, index);
      await picture(`few/${index}.png`, 100 + index);
    }
    const { train, test } = await open();
    expect([train.count, test.count]).toEqual([16, 4]);
    expect([...test.labels].filter((label) => label === 0)).toHaveLength(2);
    await rm(dataDir, { recursive: true });
    expect(shades((await open()).test)).toEqual(shades(test));
    expect(shades(test)).toMatchInlineSnapshot(`
      [
        1,
        4,
        107,
        108,
      ]
    `);
  });

  it("gives images of all classes from the start, whichever part, in the same order each time", async () => {
    for (const [place, name] of ["a", "b", "c"].entries()) {
      for (let index = 0; index < 20; index++) await picture(`${name}/${index}.png`, 50 * place + index);
    }
    const { train, test } = await open();
    expect(new Set(train.labels.subarray(0, 16)).size).toBe(3);
    expect(new Set(test.labels.subarray(0, 4)).size).toBeGreaterThan(1);
    for (let index = 0; index < train.count; index++) {
      expect(Math.floor(train.image(index)[0] / 50)).toBe(train.labels[index]);
    }
    await rm(dataDir, { recursive: true });
    expect((await open()).train.labels).toEqual(train.labels);
  });

  it("has test images in the nearest number to a fifth, also where train is its only part", async () => {
    for (let index = 0; index < 8; index++) {
      await picture(`train/a/${index}.png`, index);
      await picture(`train/b/${index}.png`, 100 + index);
    }
    const { train, test, classes } = await open();
    expect(classes).toEqual(["a", "b"]);
    expect([train.count, test.count]).toEqual([12, 4]);
  });

  it("may have more than 256 classes", async () => {
    for (let index = 0; index < 300; index++) {
      const name = String(index).padStart(3, "0");
      const file = join(root, name, "x.gif");
      await mkdir(dirname(file));
      // The smallest GIF: one pixel of the colour in its table.
      const colours = [index & 255, index >> 8, 7, 0, 0, 0];
      await writeFile(
        file,
        Buffer.from([
          ...Buffer.from("GIF89a"),
          1,
          0,
          1,
          0,
          0x80,
          0,
          0,
          ...colours,
          0x2c,
          0,
          0,
          0,
          0,
          1,
          0,
          1,
          0,
          0,
          2,
          2,
          0x44,
          1,
          0,
          0x3b,
        ]),
      );
    }
    await copyFile(await picture("299/y.png", 77), join(root, "299", "z.png"));
    const { train, test, classes } = await open(4);
    expect([classes.length, train.count, test.count]).toEqual([300, 300, 1]);
    expect(Math.max(...train.labels)).toBe(299);
    const place = train.labels.indexOf(298);
    expect([train.image(place)[0], train.image(place)[16]]).toEqual([298 & 255, 1]);
  }, 60_000);

  it("reports balance, unreadable, duplicate and shared images, and uses none of them", async () => {
    await picture("train/a/one.png", 1);
    await picture("train/a/again.webp", 1);
    await sharp(join(root, "train/a/one.png"))
      .webp({ lossless: true })
      .toFile(join(root, "train/a/again.webp"));
    await picture("train/a/shared.png", 3);
    await picture("train/b/two.png", 2);
    await mkdir(join(root, "train/b"), { recursive: true });
    await copyFile(join(root, "train/a/one.png"), join(root, "train/b/other-class.png"));
    await writeFile(join(root, "train/b/broken.jpg"), "not an image");
    await writeFile(join(root, "train/b/notes.txt"), "");
    // As macOS leaves them: of another file, and not an image of the user's.
    await copyFile(join(root, "train/b/two.png"), join(root, "train/b/._two.png"));
    await picture("train/b/cut.png", 9);
    await truncate(join(root, "train/b/cut.png"), 60);
    await picture("test/a/same.png", 3);
    await picture("test/b/four.png", 4);
    const { report, ...status } = await checkDataset(`folder:${root}`, { dataDir });
    expect(status).toEqual({
      name: `folder:${root}`,
      present: true,
      verified: true,
      images: 4,
      classes: 2,
    });
    expect(report).toMatchObject({
      split: "folders",
      classes: [
        { name: "a", train: 1, test: 1 },
        { name: "b", train: 1, test: 1 },
      ],
      duplicates: [
        { path: "train/a/one.png", of: "train/a/again.webp", otherClass: false },
        { path: "train/b/other-class.png", of: "train/a/again.webp", otherClass: true },
      ],
      inBoth: [{ path: "train/a/shared.png", of: "test/a/same.png" }],
      outside: [],
      otherFiles: 1,
    });
    expect(report!.unreadable.map(({ path }) => path)).toEqual(["train/b/broken.jpg", "train/b/cut.png"]);
    expect(report!.unreadable[0].reason).toBe("not a JPEG, PNG, WebP or GIF file");
    const { train, test } = await open();
    expect([shades(train), shades(test)]).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it("is read again when an image has changed, and only then", async () => {
    const file = await picture("a/1.png", 1);
    await picture("a/2.png", 2);
    await picture("b/3.png", 3);
    const events: unknown[] = [];
    const describe = () =>
      describeDataset(`folder:${root}`, { dataDir, onProgress: (event) => events.push(event) });
    await describe();
    const once = events.length;
    await describe();
    expect(events).toHaveLength(once);
    await utimes(file, 1, 1);
    await describe();
    expect(events.length).toBe(2 * once);
  });

  it("never shows what links outside lead to, and survives links in circles", async () => {
    const secret = join(base, "secret");
    await mkdir(join(secret, "x"), { recursive: true });
    await sharp(Buffer.alloc(3 * 16, 250), { raw: { width: 4, height: 4, channels: 3 } }).toFile(
      join(secret, "x", "secret.png"),
    );
    await picture("a/1.png", 1);
    await picture("a/2.png", 2);
    await picture("b/3.png", 3);
    await symlink(join(secret, "x", "secret.png"), join(root, "a", "link.png"));
    await symlink(join("..", "..", "secret", "x"), join(root, "b", "linked"));
    await symlink(secret, join(root, "c"));
    await symlink("nowhere", join(root, "a", "dangling.png"));
    await symlink("..", join(root, "a", "up"));
    await symlink("loop", join(root, "b", "loop"));
    const { report } = await checkDataset(`folder:${root}`, { dataDir });
    expect([...report!.links].sort((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
      { path: "a/dangling.png", leads: "nowhere" },
      { path: "a/link.png", leads: "out of the folder" },
      { path: "a/up", leads: "back above itself" },
      { path: "b/linked", leads: "out of the folder" },
      { path: "b/loop", leads: "nowhere" },
      { path: "c", leads: "out of the folder" },
    ]);
    expect([...report!.outside].sort()).toEqual([
      "a/dangling.png",
      "a/link.png",
      "a/up",
      "b/linked",
      "b/loop",
      "c",
    ]);
    const { train, test, classes } = await open();
    expect(classes).toEqual(["a", "b"]);
    expect([...shades(train), ...shades(test)].sort()).toEqual([1, 2, 3]);
  });

  it("may have links that stay inside", async () => {
    await picture("pool/x/1.png", 1);
    await picture("pool/y/2.png", 2);
    const inner = join(root, "set");
    await mkdir(join(inner, "train"), { recursive: true });
    await symlink("../../pool/x", join(inner, "train", "x"));
    await symlink("../../pool/y", join(inner, "train", "y"));
    await expect(scanFolder(inner)).rejects.toThrow(/0 classes/);
    expect((await scanFolder(root)).classes).toEqual(["pool", "set"]);
  });

  it.each([
    ["no folder", () => Promise.resolve(), /be a folder/],
    ["one class only", () => picture("only/1.png", 1), /2 to 65536 classes.*1 classes/],
    ["no test image", () => picture("a/1.png", 1).then(() => picture("b/1.png", 2)), /have test images/],
    [
      "a class that is only tested",
      async () => {
        await picture("train/a/1.png", 1);
        await picture("test/a/2.png", 2);
        await picture("test/b/3.png", 3);
      },
      /training images of every class.*"b"/,
    ],
  ])("with %s is refused", async (what, make, message) => {
    if (what === "no folder") await rm(root, { recursive: true });
    await make();
    await expect(open()).rejects.toMatchObject({
      code: "data",
      message: expect.stringMatching(message) as string,
    });
  });
});

describe("decoding an image", () => {
  const make = async (name: string, image: Sharp) => {
    const file = join(root, name);
    await image.toFile(file);
    return file;
  };
  /** Red above, blue below, twice as high as wide. */
  const halves = () => {
    const pixels = Buffer.alloc(20 * 40 * 3);
    for (let at = 0; at < 20 * 40; at++) pixels[3 * at + (at < 400 ? 0 : 2)] = 255;
    return sharp(pixels, { raw: { width: 20, height: 40, channels: 3 } });
  };
  const at = (planes: Uint8Array, size: number, x: number, y: number) =>
    [0, 1, 2].map((channel) => planes[channel * size * size + y * size + x]);

  it("cuts the middle square out of it", async () => {
    const planes = await decodeImage(await make("a.png", halves()), 10);
    expect(planes).toHaveLength(300);
    expect([at(planes, 10, 5, 1), at(planes, 10, 5, 8)]).toEqual([
      [255, 0, 0],
      [0, 0, 255],
    ]);
  });

  it("turns it as its EXIF data say", async () => {
    const file = await make("a.jpg", halves().withMetadata({ orientation: 6 }).jpeg({ quality: 100 }));
    const planes = await decodeImage(file, 10);
    // A quarter turn clockwise: what was above is right.
    expect(at(planes, 10, 8, 5)[0]).toBeGreaterThan(240);
    expect(at(planes, 10, 1, 5)[2]).toBeGreaterThan(240);
  });

  it.each(["png", "webp"] as const)("lays transparent %s on white", async (format) => {
    const pixels = Buffer.alloc(8 * 8 * 4);
    const image = sharp(pixels, { raw: { width: 8, height: 8, channels: 4 } });
    const file = await make(`a.${format}`, format === "png" ? image.png() : image.webp({ lossless: true }));
    expect(new Set(await decodeImage(file, 4))).toEqual(new Set([255]));
  });

  it("gives grey, 16-bit and palette pictures three equal planes", async () => {
    const grey = sharp(Buffer.alloc(64, 128), { raw: { width: 8, height: 8, channels: 1 } });
    for (const image of [
      grey.clone().toColourspace("b-w").png(),
      grey.clone().toColourspace("grey16").png(),
      grey.clone().png({ palette: true }),
      grey.clone().gif(),
    ]) {
      const file = await make("grey.png", image);
      const planes = await decodeImage(file, 4);
      expect(planes).toHaveLength(48);
      expect(Math.max(...planes.map((value) => Math.abs(value - 128)))).toBeLessThan(2);
    }
  });

  it("takes the first frame of an animation", async () => {
    const frames = Buffer.concat([Buffer.alloc(48, 200), Buffer.alloc(48, 20)]);
    const file = await make(
      "a.gif",
      sharp(frames, { raw: { width: 4, height: 8, channels: 3, pageHeight: 4 } }).gif(),
    );
    expect((await sharp(file).metadata()).pages).toBe(2);
    expect((await decodeImage(file, 4))[0]).toBeGreaterThan(180);
  });

  it("refuses a picture that would be enormous, before it is unpacked", async () => {
    const bomb = await readFile(await make("bomb.png", halves()));
    bomb.writeUInt32BE(200_000, 16);
    bomb.writeUInt32BE(200_000, 20);
    // The checksum of the header.
    bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29);
    const file = join(root, "bomb.png");
    await writeFile(file, bomb);
    const before = process.memoryUsage.rss();
    await expect(decodeImage(file, 32)).rejects.toThrow(/pixel limit/);
    expect(process.memoryUsage.rss() - before).toBeLessThan(100e6);
  });

  it("refuses formats that were not asked for, whatever the file is called", async () => {
    const file = join(root, "a.png");
    await writeFile(file, '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
    await expect(decodeImage(file, 4)).rejects.toThrow(/not a JPEG, PNG, WebP or GIF/);
  });
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
