import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { StudyFolder } from "./study-folder.js";

const folder = mkdtempSync(join(tmpdir(), "smash-study-folder-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const measurement = { item: 2, measure: "truth.seed0", value: 0.5 };

describe("the measurements of a study", () => {
  it("lose no more than the line that a power cut tore", async () => {
    const study = new StudyFolder(mkdtempSync(join(folder, "torn-")));
    writeFileSync(join(study.path, "measurements.jsonl"), '{"item":1,"mea');
    study.append(measurement);
    expect(await study.readMeasurements()).toEqual([measurement]);
  });

  it.runIf(existsSync("/dev/full"))("tell of a full disk with the file", () => {
    const study = new StudyFolder(mkdtempSync(join(folder, "full-")));
    symlinkSync("/dev/full", join(study.path, "measurements.jsonl"));
    expect(() => study.append(measurement)).toThrow(
      expect.objectContaining({ code: "disk-full", message: expect.stringContaining(study.path) as string }),
    );
  });
});
