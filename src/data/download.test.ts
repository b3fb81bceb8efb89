import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { download } from "./download.js";
import type { DownloadProgress } from "./download.js";
import { md5Of } from "./verify.js";

const body = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 31 + (index >> 8)) & 255));
const md5 = md5Of(body);

/** Milliseconds after which what was sent has arrived, on a machine that does much else too. */
const untilReceived = 300;

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
let folder: string;
let path: string;
let close: (() => Promise<void>) | undefined;
let requests: (string | undefined)[];

/** Serves every request with `handler` on 127.0.0.1 and notes its Range header. */
async function serve(handler: Handler): Promise<string> {
  const server = createServer((request, response) => {
    requests.push(request.headers.range);
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
}

function start(request: IncomingMessage): number {
  return Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
}

/** Answers Range as a good server does; with `cutAfter`, breaks the connection after that many bytes. */
function answer(request: IncomingMessage, response: ServerResponse, cutAfter?: number): void {
  const from = start(request);
  if (from >= body.length) {
    response.writeHead(416).end();
    return;
  }
  const rest = body.subarray(from);
  const headers = { "content-length": rest.length, "content-range": `bytes ${from}-199999/200000` };
  response.writeHead(from > 0 ? 206 : 200, headers);
  if (cutAfter === undefined) response.end(rest);
  else response.write(rest.subarray(0, cutAfter), () => setTimeout(() => response.destroy(), untilReceived));
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "smash-download-"));
  path = join(folder, "deep", "file");
  requests = [];
});

afterEach(async () => {
  await close?.();
  close = undefined;
  await rm(folder, { recursive: true, force: true });
});

async function expectFailure(work: Promise<void>): Promise<Error & { code?: string }> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Error);
  return error as Error;
}

describe("download", () => {
  it("brings the file, reports its progress up to the total and leaves no part", async () => {
    const url = await serve((request, response) => answer(request, response));
    const progress: DownloadProgress[] = [];
    await download(url, path, { md5, onProgress: (event) => progress.push(event) });
    expect(await readFile(path)).toEqual(body);
    expect(progress.at(-1)).toEqual({ received: 200_000, total: 200_000 });
    expect(await readdir(join(folder, "deep"))).toEqual(["file"]);
  });

  it("continues by itself after the connection was cut in the middle", async () => {
    let count = 0;
    const url = await serve((request, response) =>
      answer(request, response, ++count < 3 ? 60_000 : undefined),
    );
    await download(url, path, { md5 });
    expect(await readFile(path)).toEqual(body);
    expect(requests).toEqual([undefined, "bytes=60000-", "bytes=120000-"]);
  });

  it("keeps the part when it gives up, and a later call continues it", async () => {
    let cut: number | undefined = 60_000;
    const url = await serve((request, response) => answer(request, response, cut));
    const error = await expectFailure(download(url, path, { md5, attempts: 1 }));
    expect(error.code).toBe("network");
    expect(error.message).toContain(url);
    expect(await readdir(join(folder, "deep"))).toEqual(["file.part"]);
    cut = undefined;
    const progress: DownloadProgress[] = [];
    await download(url, path, { md5, onProgress: (event) => progress.push(event) });
    expect(await readFile(path)).toEqual(body);
    expect(progress.at(-1)).toEqual({ received: 200_000, total: 200_000 });
    expect(requests[1]).toBe("bytes=60000-");
  });

  it("starts over when the server ignores Range", async () => {
    let count = 0;
    const url = await serve((_, response) => {
      response.writeHead(200, { "content-length": body.length });
      if (++count > 1) response.end(body);
      else
        response.write(body.subarray(0, 50_000), () => setTimeout(() => response.destroy(), untilReceived));
    });
    await download(url, path, { md5 });
    expect(await readFile(path)).toEqual(body);
    expect(requests).toEqual([undefined, "bytes=50000-"]);
  });

  it("takes a part that is already complete", async () => {
    const url = await serve((request, response) => answer(request, response));
    await download(url, join(folder, "first"), { md5 });
    await writeFile(join(folder, "file.part"), body);
    await download(url, join(folder, "file"), { md5 });
    expect(requests.at(-1)).toBe("bytes=200000-");
    expect(await readFile(join(folder, "file"))).toEqual(body);
  });

  it.each([
    ["of another file", 1_000],
    ["longer than the file", 300_000],
  ])("drops a part %s and starts over", async (_, length) => {
    const url = await serve((request, response) => answer(request, response));
    await writeFile(join(folder, "file.part"), Buffer.alloc(length, 7));
    await download(url, join(folder, "file"), { md5 });
    expect(await readFile(join(folder, "file"))).toEqual(body);
    expect(requests).toEqual([`bytes=${length}-`, undefined]);
  });

  it("drops its part when the server answers with another range than asked for", async () => {
    const url = await serve((request, response) => {
      if (request.headers.range === undefined) response.end(body);
      else response.writeHead(206, { "content-range": "bytes 5-9/200000" }).end(body.subarray(5, 10));
    });
    await writeFile(join(folder, "file.part"), body.subarray(0, 900));
    await download(url, join(folder, "file"), { md5 });
    expect(await readFile(join(folder, "file"))).toEqual(body);
  });

  it("refuses a wrong body, naming both sums, and leaves nothing", async () => {
    const url = await serve((_, response) => response.end("please log in"));
    const error = await expectFailure(download(url, path, { md5 }));
    expect(error.code).toBe("network");
    expect(error.message).toContain(md5);
    expect(error.message).toContain(md5Of(Buffer.from("please log in")));
    expect(await readdir(join(folder, "deep"))).toEqual([]);
  });

  it("never continues a part that no sum can check", async () => {
    const url = await serve((request, response) => answer(request, response));
    await writeFile(join(folder, "file.part"), "old");
    await download(url, join(folder, "file"));
    expect(requests).toEqual([undefined]);
    expect(await readFile(join(folder, "file"))).toEqual(body);
  });

  it("gives up when a connection brings nothing new", async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { "content-length": body.length });
      response.write(body.subarray(0, 1_000), () => setTimeout(() => response.destroy(), untilReceived));
    });
    const error = await expectFailure(download(url, path, { md5, attempts: 50 }));
    expect(error.code).toBe("network");
    expect(requests).toHaveLength(2);
  });

  it("reports a status that is no success", async () => {
    const url = await serve((_, response) => response.writeHead(404).end("gone"));
    const error = await expectFailure(download(url, path, { md5 }));
    expect(error.message).toContain("404");
    expect(requests).toHaveLength(1);
  });

  it("reports a server that is not there, with its address", async () => {
    const url = await serve(() => undefined);
    await close?.();
    close = undefined;
    const error = await expectFailure(download(url, path, { md5 }));
    expect(error.code).toBe("network");
    expect(error.message).toContain(url);
    expect(error.message).toContain("ECONNREFUSED");
  });

  it("does not wait longer than told for an answer or for the rest of the body", async () => {
    const silent = await serve(() => undefined);
    expect((await expectFailure(download(silent, path, { connectTimeoutMs: 50 }))).message).toContain(
      "0.05 s",
    );
    await close?.();
    const stalling = await serve((_, response) => {
      response.writeHead(200, { "content-length": body.length });
      response.write(body.subarray(0, 10));
    });
    const error = await expectFailure(download(stalling, path, { attempts: 1, stallTimeoutMs: 50 }));
    expect(error.code).toBe("network");
    expect(error.message).toContain("0.05 s");
  });

  it("stops when told and keeps the part", async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { "content-length": body.length });
      response.write(body.subarray(0, 10_000));
    });
    const controller = new AbortController();
    const work = download(url, path, {
      md5,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    const error = await expectFailure(work);
    expect(error.code).toBe("interrupted");
    expect(await readdir(join(folder, "deep"))).toEqual(["file.part"]);
  });
});
