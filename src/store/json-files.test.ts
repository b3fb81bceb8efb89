import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { appendLine, readJsonLines } from "./json-files.js";
import { RunFolder } from "./run-folder.js";

const folder = mkdtempSync(join(tmpdir(), "smash-lines-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a line appended", () => {
  it.each([
    ["to no file", undefined, []],
    ["to an empty file", "", []],
    ["after a whole line", '{"step":1}\n', [{ step: 1 }]],
    ["after a line torn by a power cut", '{"step":1}\n{"st', [{ step: 1 }]],
    ["after a line that lost its end alone", '{"step":1}', [{ step: 1 }]],
  ])("%s is one of its own", async (name, text, before) => {
    const path = join(folder, `${name}.jsonl`);
    if (text !== undefined) writeFileSync(path, text);
    appendLine(path, { step: 2 });
    appendLine(path, { step: 3 });
    expect(await readJsonLines(path)).toEqual([...before, { step: 2 }, { step: 3 }]);
    expect(readFileSync(path, "utf8")).not.toMatch(/^\n|\n\n/);
  });

  it("to a file that cannot be written names it", () => {
    expect(() => appendLine(folder, {})).toThrow(
      expect.objectContaining({ code: "config", message: expect.stringContaining(folder) as string }),
    );
  });
});

describe("the events of a run", () => {
  it("lose no more than the line that a power cut tore", async () => {
    const run = new RunFolder(mkdtempSync(join(folder, "run-")));
    writeFileSync(join(run.path, "events.jsonl"), '{"type":"hyper');
    run.appendEvent({ type: "phase" });
    expect(await run.readEvents()).toEqual([{ type: "phase", pid: process.pid }]);
  });

  it.runIf(existsSync("/dev/full"))("tell of a full disk with the file", () => {
    const run = new RunFolder(mkdtempSync(join(folder, "full-")));
    symlinkSync("/dev/full", join(run.path, "events.jsonl"));
    expect(() => run.appendEvent({ type: "phase" })).toThrow(
      expect.objectContaining({ code: "disk-full", message: expect.stringContaining(run.path) as string }),
    );
  });
});
