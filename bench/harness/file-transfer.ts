/** Gigabytes over HTTP, one request at a time, and what the server's memory does meanwhile. */
import { once } from "node:events";
import { open } from "node:fs/promises";
import { type IncomingMessage, type RequestOptions, request } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Metric } from "./figure.ts";
import { cpuSecondsOf, memoryOf } from "./processes.ts";

export const MiB = 1024 * 1024;
export const transferredBytes = 1024 * MiB;
const sampleEveryMs = 25;
/** Of what is moved a server holds a few chunks. */
const flatWithinMiB = 64;

/** @param direction as in "1 GiB downloaded"
 *  @param least of the peer's rate; undefined: reported, not judged */
export function transferMetrics(direction: string, least: number | undefined) {
  return {
    rate: {
      label: `1 GiB ${direction}`,
      unit: "MiB/s",
      score: "ratio",
      ...(least === undefined ? {} : { aim: { at: "least", limit: least } as const }),
    },
    cpu: { label: `1 GiB ${direction}: CPU of the server`, unit: "s", score: "ratio" },
    growth: {
      label: `1 GiB ${direction}: RSS, peak over before`,
      unit: "MiB",
      score: "ours",
      aim: { at: "most", limit: flatWithinMiB },
    },
  } as const satisfies Record<string, Metric>;
}

/** Rate, CPU time and memory of the server with that pid while `transfer` moves a gigabyte. */
export async function measureTransfer(pid: number, transfer: () => Promise<void>) {
  const before = memoryOf([pid]).rssMiB;
  const cpuBefore = cpuSecondsOf([pid]);
  let peak = before;
  using _sampling = setInterval(() => {
    peak = Math.max(peak, memoryOf([pid]).rssMiB);
  }, sampleEveryMs);
  const started = performance.now();
  await transfer();
  const seconds = (performance.now() - started) / 1000;
  return { rate: transferredBytes / MiB / seconds, cpu: cpuSecondsOf([pid]) - cpuBefore, growth: peak - before };
}

/** @throws {Error} unless it answers 200 and the whole gigabyte arrives */
export async function download(url: string, options: RequestOptions): Promise<void> {
  const outgoing = request(url, { ...options, method: "GET" });
  const answered = once(outgoing, "response");
  outgoing.end();
  const [reply]: IncomingMessage[] = await answered;
  let bytes = 0;
  reply!.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
  });
  await once(reply!, "end");
  if (reply!.statusCode !== 200 || bytes !== transferredBytes) {
    throw new Error(`the download answered ${reply!.statusCode} and ${bytes} bytes`);
  }
}

/** The file is the body. @throws {Error} unless it answers 200 */
export async function upload(url: string, options: RequestOptions): Promise<void> {
  await send(url, options, { before: "", after: "" });
}

/** The file is a part of a form. @throws {Error} unless it answers 200 */
export async function uploadForm(url: string, options: RequestOptions): Promise<void> {
  const boundary = "----------------------------bench";
  const headers = { ...options.headers, "content-type": `multipart/form-data; boundary=${boundary}` };
  const head =
    'Content-Disposition: form-data; name="file"; filename="gigabyte"\r\nContent-Type: application/octet-stream';
  const around = { before: `--${boundary}\r\n${head}\r\n\r\n`, after: `\r\n--${boundary}--\r\n` };
  await send(url, { ...options, headers }, around);
}

async function send(url: string, options: RequestOptions, { before, after }: { before: string; after: string }) {
  const length = before.length + transferredBytes + after.length;
  const outgoing = request(url, { ...options, headers: { ...options.headers, "content-length": length } });
  const answered = once(outgoing, "response");
  const chunk = Buffer.alloc(MiB, "a gigabyte of this. ");
  const chunks = function* () {
    if (before !== "") yield Buffer.from(before);
    for (let sent = 0; sent < transferredBytes; sent += MiB) yield chunk;
    if (after !== "") yield Buffer.from(after);
  };
  await pipeline(Readable.from(chunks(), { objectMode: false, highWaterMark: MiB }), outgoing);
  const [reply]: IncomingMessage[] = await answered;
  reply!.resume();
  await once(reply!, "end");
  if (reply!.statusCode !== 200) throw new Error(`the upload answered ${reply!.statusCode}`);
}

/** A file of a gigabyte, in the page cache. */
export async function writeGigabyte(path: string): Promise<void> {
  await using file = await open(path, "w");
  const block = Buffer.alloc(MiB, "a gigabyte of this. ");
  for (let written = 0; written < transferredBytes; written += MiB) await file.write(block);
}
