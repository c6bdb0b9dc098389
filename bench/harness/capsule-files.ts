/** A gigabyte into a capsule and out of it, through the API that streams. */
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { MiB, transferredBytes } from "./file-transfer.ts";
import type { Yard } from "./yard.ts";

const path = "/root/gigabyte";
const boundary = "----------------------------bench";
const part = (headers: string, content = "") =>
  `--${boundary}\r\nContent-Disposition: form-data; ${headers}\r\n\r\n${content}`;
const head = `${part('name="path"', path)}\r\n${part('name="file"; filename="gigabyte"')}`;
const tail = `\r\n--${boundary}--\r\n`;

/** @throws {Error} unless it is taken */
export async function sendGigabyte({ url, authorization }: Yard, id: string): Promise<void> {
  const outgoing = request(`${url}/v1/capsules/${id}/files/stream/write`, {
    method: "POST",
    headers: {
      authorization,
      "content-type": `multipart/form-data; boundary=${boundary}`,
      "content-length": head.length + transferredBytes + tail.length,
    },
  });
  const answered = once(outgoing, "response");
  const chunk = Buffer.alloc(MiB, "a gigabyte of this. ");
  const chunks = function* () {
    yield Buffer.from(head);
    for (let sent = 0; sent < transferredBytes; sent += MiB) yield chunk;
    yield Buffer.from(tail);
  };
  await pipeline(Readable.from(chunks(), { objectMode: false, highWaterMark: MiB }), outgoing);
  const [reply]: IncomingMessage[] = await answered;
  reply!.resume();
  await once(reply!, "end");
  if (reply!.statusCode !== 204) throw new Error(`the upload answered ${reply!.statusCode}`);
}

/** @throws {Error} unless all of it arrives */
export async function fetchGigabyte({ url, authorization }: Yard, id: string): Promise<void> {
  const outgoing = request(`${url}/v1/capsules/${id}/files/stream/read`, {
    method: "POST",
    headers: { authorization, "content-type": "application/json" },
  });
  const answered = once(outgoing, "response");
  outgoing.end(JSON.stringify({ path }));
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
