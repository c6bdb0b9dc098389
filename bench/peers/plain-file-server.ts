/** The peer of files over HTTP: bare Node streams in chunks of 1 MiB, and nothing else. GET sends the file that the query names, PUT
 *  saves a new one and answers when it is on the disk, POST does so with its SHA-256. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, statSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";

export interface PlainFileAddress {
  readonly port: number;
}

const highWaterMark = 1024 * 1024;

const server = createServer((request, response) => {
  const path = decodeURIComponent(request.url?.slice("/?".length) ?? "");
  const answered = request.method === "GET" ? send(path, response) : save(path, request, response);
  answered.catch((error: unknown) => response.destroy(error instanceof Error ? error : new Error(String(error))));
});

async function send(path: string, response: ServerResponse): Promise<void> {
  response.writeHead(200, { "content-length": statSync(path).size });
  await pipeline(createReadStream(path, { highWaterMark }), response);
}

async function save(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const hash = request.method === "POST" ? createHash("sha256") : undefined;
  if (hash) request.on("data", (chunk: Buffer) => void hash.update(chunk));
  await pipeline(request, createWriteStream(path, { flags: "wx", highWaterMark, flush: true }));
  response.writeHead(200, hash && { etag: `"${hash.digest("hex")}"` }).end();
}

server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  process.send?.({ port } satisfies PlainFileAddress);
});
process.on("disconnect", () => process.exit());
