import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { createProgress } from "./progress.js";
import type { Progress } from "./progress.js";

interface Setup {
  readonly progress: Progress;
  /** All that was written. */
  readonly written: () => string;
  readonly wait: (seconds: number) => void;
}

function setup({ quiet = false, isTTY = false, columns = 80, term = "xterm" } = {}): Setup {
  const stream = Object.assign(new PassThrough(), { isTTY, columns });
  let text = "";
  stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
  let time = 1_000_000;
  const progress = createProgress({ quiet, stream, term, now: () => time });
  onTestFinished(() => progress.stop());
  return { progress, written: () => text, wait: (seconds) => (time += 1000 * seconds) };
}

describe("--quiet", () => {
  it("says nothing", () => {
    const { progress, written } = setup({ quiet: true, isTTY: true });
    progress.start("work", 10);
    progress.update(5);
    progress.log("a note");
    progress.stop();
    expect(written()).toBe("");
  });
});

describe("without a terminal", () => {
  it("writes a line every five seconds and one at the end", () => {
    const { progress, written, wait } = setup();
    progress.start("HyperNet", 8000);
    for (let step = 0; step <= 24; step++) {
      progress.update(step * 10, step === 20 ? "loss 1.234" : undefined);
      wait(0.5);
    }
    progress.stop();
    expect(written().split("\n")).toEqual([
      "HyperNet: 100/8,000, 20/s, 6 min 35 s left",
      "HyperNet: 200/8,000, 20/s, 6 min 30 s left, loss 1.234",
      "HyperNet: 240/8,000 in 13 s, loss 1.234",
      "",
    ]);
  });

  it("tells slow steps by their duration", () => {
    const { progress, written, wait } = setup();
    progress.start("training", 10);
    for (const step of [0, 1]) {
      progress.update(step);
      wait(step === 0 ? 40 : 0);
    }
    expect(written()).toBe("training: 1/10, 40 s each, 6 min 00 s left\n");
  });

  it("shortens bytes, and leaves out what an unknown total cannot tell", () => {
    const { progress, written, wait } = setup();
    progress.start("a", 170_498_071);
    progress.update(0);
    wait(6);
    progress.update(60_000_000);
    progress.start("b", Infinity);
    progress.update(0);
    wait(6);
    progress.update(3_000_000);
    expect(written()).toBe(
      ["a: 60.0M/170M, 10.0M/s, 11 s left", "a: 60.0M/170M in 6.0 s", "b: 3.00M, 500k/s", ""].join("\n"),
    );
  });

  it("ends a stage once, and takes updates outside of one for nothing", () => {
    const { progress, written } = setup();
    progress.update(1);
    progress.start("work", 1);
    progress.stop();
    progress.stop();
    expect(written()).toBe("work: 0/1 in 0.0 s\n");
  });
});

describe("on a terminal", () => {
  it("draws one bar with rate and time left, and a summary in its place", () => {
    const { progress, written, wait } = setup({ isTTY: true });
    progress.start("HyperNet", 8000);
    progress.update(0);
    wait(10);
    progress.update(2000, "loss 1.234");
    progress.stop();
    const plain = stripVTControlCharacters(written());
    expect(plain).toContain("25 %  2,000/8,000  200/s  30 s left  loss 1.234");
    expect(plain).toMatch(/█+░+/);
    expect(plain.endsWith("HyperNet: 2,000/8,000 in 10 s, loss 1.234\n")).toBe(true);
  });

  it("says how far the work is beside a label as long as the line", () => {
    const { progress, written, wait } = setup({ isTTY: true });
    progress.start(`folder:/${"deep/".repeat(20)}photos convert (images)`, 300);
    progress.update(0);
    wait(10);
    progress.update(20);
    progress.log("");
    const plain = stripVTControlCharacters(written());
    expect(plain).toContain("20/300  2/s  2 min 20 s left");
    expect(plain).toMatch(/…[\w/]*photos convert \(images\)/);
    for (const line of plain.split(/\n|(?=…)/).slice(1, -1)) expect(line.length).toBeLessThan(80);
  });

  it("of the dumb kind writes lines, since it shows what moves a cursor as text", () => {
    const { progress, written } = setup({ isTTY: true, term: "dumb" });
    progress.start("work", 2);
    progress.update(1);
    progress.stop();
    expect(written()).toBe("work: 1/2 in 0.0 s\n");
  });

  it("shows the cursor again", () => {
    const { progress, written } = setup({ isTTY: true });
    progress.start("work", 2);
    expect(written()).toContain("\x1b[?25l");
    progress.stop();
    expect(written().lastIndexOf("\x1b[?25h")).toBeGreaterThan(written().lastIndexOf("\x1b[?25l"));
  });

  it("puts notes above the bar and keeps the bar", () => {
    const { progress, written } = setup({ isTTY: true });
    progress.start("work", 2);
    progress.update(1);
    progress.log("a note");
    const [, afterNote] = stripVTControlCharacters(written()).split("a note\n");
    expect(afterNote).toContain("work");
    expect(afterNote).toContain("1/2");
  });

  it.each([20, 40, 60])("is never wider than a terminal of %i columns", (columns) => {
    const { progress, written, wait } = setup({ isTTY: true, columns });
    progress.start("training the winner", 8000);
    progress.update(0);
    wait(10);
    progress.update(2000, "validation error 12.3 %");
    progress.log("");
    const lines = stripVTControlCharacters(written()).split(/\n|(?=training)/);
    for (const line of lines) expect(line.length).toBeLessThan(columns);
  });
});
