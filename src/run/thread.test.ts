import { describe, expect, it } from "vitest";
import { isDiskFull } from "../files.js";
import { runInThread } from "./thread.js";

/** Runs `body` as the job of a thread of the built program. */
function runBody(body: string): Promise<unknown> {
  const thread = JSON.stringify(new URL("../../dist/run/thread.js", import.meta.url).href);
  const errors = JSON.stringify(new URL("../../dist/errors.js", import.meta.url).href);
  const source = `
    import { serveThread } from ${thread};
    import { SmashError } from ${errors};
    await serveThread(async () => { ${body} });`;
  return runInThread(new URL(`data:text/javascript,${encodeURIComponent(source)}`), {});
}

describe("an error that ends a thread", () => {
  it("of the system keeps its code: a full disk is still one", async () => {
    const error: unknown = await runBody(
      `throw Object.assign(new Error("no space left"), { code: "ENOSPC" });`,
    ).catch((reason: unknown) => reason);
    expect(isDiskFull(error)).toBe(true);
    expect(String(error)).toContain("no space left");
  });

  it("of ours keeps its code and its parts", async () => {
    const details = { rule: "A.", found: "b.", fix: "c." };
    await expect(runBody(`throw new SmashError("data", ${JSON.stringify(details)});`)).rejects.toMatchObject({
      name: "SmashError",
      code: "data",
      details,
    });
  });

  it("without a code has none", async () => {
    await expect(runBody(`throw new TypeError("wrong");`)).rejects.not.toHaveProperty("code");
    await expect(runBody(`throw new TypeError("wrong");`)).rejects.toThrow("wrong");
  });
});
